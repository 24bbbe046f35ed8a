// The tokens that stand for values, "[PERSON_1]", and the shapes in which models hand them back.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "guard/hit.h"

namespace bastide::guard {

/// What a token stands for: a type of data, or a text that only looked like a token.
inline constexpr std::size_t kind_count = 20;
inline constexpr std::uint8_t literal_kind = 19;
[[nodiscard]] constexpr std::uint8_t kind_of(Type type) { return static_cast<std::uint8_t>(type); }

/// "PERSON", "EMAIL"...: short, ASCII, upper case.
[[nodiscard]] std::string_view kind_word(std::uint8_t kind);
/// "[PERSON_1]".
[[nodiscard]] std::string token_text(std::uint8_t kind, std::uint32_t number);

/// Numbers issued of each kind: 1 to n, without gaps.
using Issued = std::array<std::uint32_t, kind_count>;
/// Every number that has the shape of a token.
[[nodiscard]] Issued everything();

enum class Rest { may_follow, none };

struct ShapeMatch {
  enum class State { none, partial, full } state = State::none;
  std::size_t size = 0;  // bytes; with full
  std::uint8_t kind = 0;
  std::uint32_t number = 0;
};

/// Whether a token of `issued` stands at byte `at` of `text`, which is valid UTF-8. `partial`: what there is
/// of the text is a proper prefix of one, and more may follow. Accepted besides the token itself:
/// - in brackets: any case, emphasis marks, backslashes and blanks within, any hyphen or blank or nothing
/// instead of
///   "_", the kind's word in French;
/// - without brackets, between non-letters: the exact word and number with "_", "\_" or a hyphen.
/// `after_word`: a letter, digit or "_" stands right before `at`.
[[nodiscard]] ShapeMatch match_token(std::string_view text, std::size_t at, bool after_word,
                                     const Issued& issued, Rest rest);

/// Whether `c` belongs to a word, for `after_word`.
[[nodiscard]] bool is_word_point(char32_t c);
/// The same of the last code point of `text`, which is valid UTF-8 and not empty.
[[nodiscard]] bool ends_in_word(std::string_view text);
/// The first byte from `at` on where a token may begin; the text's size when there is none.
[[nodiscard]] std::size_t plain_end(std::string_view text, std::size_t at);

}  // namespace bastide::guard
