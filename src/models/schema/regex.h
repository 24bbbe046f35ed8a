// Regular expressions as JSON Schema has them: those of ECMA-262, with its u flag.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/schema/code_set.h"

namespace bastide::models::schema {

/// A piece of an expression.
struct Regex {
  enum class Kind : std::uint8_t { set, sequence, choice, repeat, begin, end, boundary, no_boundary };
  Kind kind = Kind::sequence;
  CodeSet set;                  // set: one character of it
  std::vector<Regex> children;  // sequence, choice; one of a repeat
  std::uint32_t min = 0;        // repeat
  std::optional<std::uint32_t> max;
};

/// Of \w: what a boundary is between.
[[nodiscard]] const CodeSet& word_characters();

/// An expression with what must, or must not, stand where it begins.
struct RegexWithLookahead {
  struct Lookahead {
    Regex regex;
    bool is_forbidden = false;
  };
  Regex regex;
  std::vector<Lookahead> lookaheads;  // of a pattern that begins with ^
};

/// The error says what is wrong or not kept, for people.
[[nodiscard]] std::expected<RegexWithLookahead, std::string> parse_regex(std::string_view pattern);

}  // namespace bastide::models::schema
