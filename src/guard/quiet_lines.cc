#include "guard/quiet_lines.h"

#include <algorithm>
#include <array>

#include "guard/bytes.h"

namespace bastide::guard {
namespace {

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// How many of {}();=<>_$&|\ stand in `text`: for each byte, the kinds that its halves may belong to must
// meet.
std::size_t count_marks(std::string_view text) {
  constexpr char two = 1, three = 2, five = 4, seven = 8;  // by the upper half: ()$& ;=<> _\ {}|
  const auto low =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, two, 0, two, 0, two, two, 0, three | seven,
                                                three | five | seven, three | seven, three, five));
  const auto high =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, two, three, 0, five, 0, seven, 0, 0, 0, 0, 0, 0, 0, 0));
  const auto nibble = _mm256_set1_epi8(0x0F);
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += bytes::block) {
    const auto here = bytes::load(text.data() + at);
    const auto lows = _mm256_shuffle_epi8(low, _mm256_and_si256(here, nibble));
    const auto highs = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(here, 4), nibble));
    const auto none = _mm256_cmpeq_epi8(_mm256_and_si256(lows, highs), _mm256_setzero_si256());
    auto marks = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(none));
    if (text.size() - at < bytes::block) marks &= (1U << (text.size() - at)) - 1;
    count += static_cast<std::size_t>(std::popcount(marks));
  }
  return count;
}

bool begins_as_code(std::string_view line) {
  constexpr std::array<std::string_view, 14> code{"import ", "from ",    "def ",     "class ",    "return ",
                                                  "const ",  "let ",     "var ",     "function ", "#include",
                                                  "public ", "private ", "package ", "using "};
  return std::ranges::any_of(code, [&](auto word) { return line.starts_with(word); });
}

bool names_level(std::string_view head) {
  constexpr std::array<std::string_view, 7> levels{"INFO",  "DEBUG", "WARN",  "ERROR",
                                                   "TRACE", "FATAL", "NOTICE"};
  return std::ranges::any_of(levels, [&](auto word) {
    auto at = head.find(word);
    return at != std::string_view::npos && (at == 0 || !(upper(head[at - 1]) || lower(head[at - 1]))) &&
           (at + word.size() >= head.size() || !lower(head[at + word.size()]));
  });
}

}  // namespace

bool is_quiet(std::string_view line) {
  auto start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return false;
  auto body = line.substr(start);
  const auto marks = count_marks(body);
  if (marks >= 4 && marks * 12 > body.size()) return true;
  if (body.ends_with(';') || body.ends_with('{')) return marks >= 2;
  if ((marks >= 2 || body[0] == '#') && begins_as_code(body)) return true;
  std::size_t digits = 0, colons = 0;
  for (char c : body.substr(0, 32)) {
    digits += digit(c);
    colons += c == ':';
  }
  if (digits >= 6 && colons >= 2) return true;  // a time of day near the start
  return (colons > 0 || body[0] == '[') && names_level(body.substr(0, 96));
}

}  // namespace bastide::guard
