// Pseudonyms of one conversation: which token stands for which value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "guard/token_shape.h"

namespace bastide::guard {

/// What makes two writings one value: case, accents, spacing, the grouping of numbers, "+33" for "0".
[[nodiscard]] std::string canonical(std::uint8_t kind, std::string_view original);

/// A value type; one thread at a time.
class PseudonymMap {
 public:
  static constexpr std::size_t entries_max = 5000;
  static constexpr std::size_t value_bytes_max = 20 * 1024;

  struct Entry {
    std::uint8_t kind = 0;
    std::uint32_t number = 0;
    std::string original;  // as it was written first
    Gender gender = Gender::unknown;
  };

  /// The entry of `original`, made when it is new. Code::too_large when the conversation holds too many.
  [[nodiscard]] Result<const Entry*> take(std::uint8_t kind, std::string_view original, Gender gender);
  /// nullptr when no such token was issued.
  [[nodiscard]] const Entry* find(std::uint8_t kind, std::uint32_t number) const;
  [[nodiscard]] const Issued& issued() const { return issued_; }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  /// A compact binary form, for sealing. Holds values in clear.
  [[nodiscard]] std::string serialise() const;
  /// Code::corrupt when `bytes` are not what serialise gives.
  [[nodiscard]] static Result<PseudonymMap> parse(std::string_view bytes);

 private:
  void add(Entry entry);

  std::vector<Entry> entries_;
  Issued issued_{};
  std::unordered_map<std::string, std::size_t> by_value_;  // kind and canonical value
  std::unordered_map<std::uint64_t, std::size_t> by_token_;
};

/// The line that tells the model what the tokens of `entries` are, with hints of gender and of the first
/// letter for French ("d'[PERSON_1]"). Empty when there are none.
[[nodiscard]] std::string token_note(const std::vector<const PseudonymMap::Entry*>& entries);

}  // namespace bastide::guard
