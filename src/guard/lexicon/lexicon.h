// Lexicon: what is known of a word, in one lookup.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::guard {

/// Kinds of words, as bits.
namespace word {
using Kinds = std::uint64_t;
inline constexpr Kinds masculine = 1ULL << 0, feminine = 1ULL << 1, ambiguous_name = 1ULL << 2,
                       surname = 1ULL << 3;
inline constexpr Kinds country = 1ULL << 4, region = 1ULL << 5, town = 1ULL << 6, place_start = 1ULL << 7;
inline constexpr Kinds title_m = 1ULL << 8, title_f = 1ULL << 9, title_any = 1ULL << 10, role = 1ULL << 11;
inline constexpr Kinds particle = 1ULL << 12, common = 1ULL << 13, month = 1ULL << 14, weekday = 1ULL << 15;
inline constexpr Kinds way_fr = 1ULL << 16, way_en = 1ULL << 17, way_abroad = 1ULL << 18,
                       unit_en = 1ULL << 19;
inline constexpr Kinds company_form = 1ULL << 20, organisation_head = 1ULL << 21, organisation = 1ULL << 22;
inline constexpr Kinds phone = 1ULL << 23, card = 1ULL << 24, company = 1ULL << 25, nir = 1ULL << 26,
                       birth = 1ULL << 27;
inline constexpr Kinds passport = 1ULL << 28, plate = 1ULL << 29, vat = 1ULL << 30, identity = 1ULL << 31;
inline constexpr Kinds bic = 1ULL << 32, home = 1ULL << 33, secret = 1ULL << 34;
inline constexpr Kinds person_noun = 1ULL << 35, person_verb = 1ULL << 36, greeting = 1ULL << 37,
                       closing = 1ULL << 38;
inline constexpr Kinds field = 1ULL << 39;

inline constexpr Kinds first_name = masculine | feminine;
inline constexpr Kinds title = title_m | title_f | title_any;
inline constexpr Kinds place = country | region | town;
}  // namespace word

/// Immutable after construction; thread-safe. Keys are folded as `fold` does.
class Lexicon {
 public:
  /// Builds the table from the lists; some hundred microseconds.
  Lexicon();
  /// 0 for a word that is not known. `folded` may hold "_" for the spaces of a phrase.
  [[nodiscard]] word::Kinds kinds(std::string_view folded) const;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    word::Kinds kinds = 0;
  };
  void add(std::string_view list, word::Kinds kind);
  void put(std::string_view folded, word::Kinds kind);

  std::vector<Slot> slots_;  // open addressing by the hash, whose 64 bits stand for the word
  std::size_t used_ = 0;
};

/// Lower case without Latin accents into `out` (at most `size` bytes; longer words are cut). Gives the bytes
/// written.
std::size_t fold(std::string_view word, char* out, std::size_t size);
[[nodiscard]] std::string folded(std::string_view word);

}  // namespace bastide::guard
