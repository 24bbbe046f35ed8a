// Rules of a grammar in llama.cpp's GBNF, as they are put together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "models/schema/notation.h"

namespace bastide::models::schema {

/// A piece of a rule: text as GBNF has it, or another rule, so many times.
struct Symbol {
  std::string text;
  int rule = -1;
  std::uint32_t min = 1;
  std::optional<std::uint32_t> max = 1;
};
using Sequence = std::vector<Symbol>;

class Rules {
 public:
  static constexpr std::size_t alternatives_max = 40'000;
  static constexpr std::size_t bytes_max = std::size_t{1} << 20;
  /// llama.cpp makes a rule of each repetition too, and takes 20,000, a template's own among them.
  static constexpr std::size_t rules_max = 15'000;

  explicit Rules(Notation notation) : notation_(notation) {}
  [[nodiscard]] Notation notation() const { return notation_; }
  /// A rule that allows nothing yet.
  int add();
  void add(int rule, Sequence alternative);
  /// A rule for `text`, made once.
  int named(const std::string& text);
  /// The rule of this name, and whether it is new and allows nothing yet.
  std::pair<int, bool> once(const std::string& name);
  /// What a model may write between two signs.
  Symbol space();
  /// `rule` so many times, one behind the other.
  Sequence repeated(int rule, std::uint64_t min, std::optional<std::uint64_t> max);
  /// Over a bound: what was made is of no use.
  [[nodiscard]] bool is_too_large() const {
    return bytes_ > bytes_max || alternatives_ > alternatives_max || rules_.size() + repetitions_ > rules_max;
  }

  /// Takes away what can never come to an end. False: `root` cannot.
  [[nodiscard]] bool prune(int root);
  [[nodiscard]] static std::string name(int rule, std::string_view prefix);
  /// All that `root` needs, a line each.
  [[nodiscard]] std::string print(int root, std::string_view prefix) const;

 private:
  [[nodiscard]] Sequence make_repeated(int rule, std::uint64_t min, std::optional<std::uint64_t> max);

  Notation notation_;
  std::vector<std::vector<Sequence>> rules_;
  std::unordered_map<std::string, int> named_;
  std::map<std::tuple<int, std::uint64_t, std::optional<std::uint64_t>>, int> repeated_;
  std::size_t alternatives_ = 0;
  std::size_t bytes_ = 0;
  std::size_t repetitions_ = 0;
};

/// Text that stands for itself.
[[nodiscard]] Symbol literal(std::string_view text);
[[nodiscard]] Symbol piece(std::string gbnf);
[[nodiscard]] Symbol to(int rule);

}  // namespace bastide::models::schema
