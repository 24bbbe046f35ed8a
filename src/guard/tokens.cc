#include "guard/tokens.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <utility>

#include "guard/bytes.h"
#include "guard/quiet_lines.h"
#include "guard/utf8.h"

namespace bastide::guard {
namespace {

bool ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool ascii_lower_letter(char c) { return c >= 'a' && c <= 'z'; }
bool ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool ascii_letter(char c) { return ascii_upper(c) || ascii_lower_letter(c); }

enum class Class : std::uint8_t { other, lower, upper, digit, underscore };

Class look_up(char32_t c) {
  if (c < 0x80) {
    auto ascii = static_cast<char>(c);
    if (ascii_lower_letter(ascii)) return Class::lower;
    if (ascii_upper(ascii)) return Class::upper;
    if (ascii_digit(ascii)) return Class::digit;
    return c == '_' ? Class::underscore : Class::other;
  }
  if (c < 0xAA || c == 0xD7 || c == 0xF7) return Class::other;
  auto point = static_cast<UChar32>(c);
  if (u_isupper(point) || u_istitle(point)) return Class::upper;
  return u_isalpha(point) || u_charType(point) == U_NON_SPACING_MARK ? Class::lower : Class::other;
}

Class class_of(char32_t c) {
  static const auto latin = [] {
    std::array<Class, 0x250> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = look_up(static_cast<char32_t>(i));
    return out;
  }();
  return c < latin.size() ? latin[c] : look_up(c);
}

// After these a capital says little.
constexpr auto begins_sentence = [] {
  std::array<bool, 256> out{};
  for (char c : std::string_view(".!?:;\"*#|(")) out[static_cast<unsigned char>(c)] = true;
  return out;
}();

// The words before which French drops a vowel: l'Italie is two words, O'Brien and aujourd'hui one.
bool elides(std::string_view word) {
  constexpr std::array<std::string_view, 14> all{"l", "d",  "j",     "m",      "n",      "s",      "t",
                                                 "c", "qu", "jusqu", "lorsqu", "puisqu", "quelqu", "quoiqu"};
  return std::ranges::any_of(all, [&](auto w) { return equal_ignoring_ascii_case(w, word); });
}

}  // namespace

bool word_byte(char c) {
  return ascii_letter(c) || ascii_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0xC3;
}

std::size_t Scan::token_at(std::size_t at) const {
  auto found = std::ranges::upper_bound(tokens, at, {}, [](const Token& t) -> std::size_t { return t.end; });
  return static_cast<std::size_t>(found - tokens.begin());
}

bool Scan::near(word::Kinds kinds, std::size_t begin, std::size_t end, std::size_t before,
                std::size_t after) const {
  if ((seen & kinds) == 0) return false;
  constexpr std::size_t distance_max = 90;  // bytes
  auto first = token_at(begin);
  for (std::size_t i = first; i-- > 0 && first - i <= before && tokens[i].end + distance_max >= begin;)
    if ((tokens[i].kinds & kinds) != 0) return true;
  auto next = token_at(end > 0 ? end - 1 : 0);
  if (next < tokens.size() && tokens[next].begin < end) ++next;
  for (std::size_t i = next; i < tokens.size() && i - next < after && tokens[i].begin <= end + distance_max;
       ++i)
    if ((tokens[i].kinds & kinds) != 0) return true;
  return false;
}

bool Scan::stands_alone(std::size_t begin, std::size_t end) const {
  auto touches = [&](std::size_t at) {
    auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) return word_byte(text[at]);
    std::size_t start = at;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
    return class_of(next_code_point(text, start)) != Class::other;
  };
  return !(begin > 0 && touches(begin - 1)) && !(end < text.size() && touches(end));
}

namespace {

constexpr std::size_t plain_word_max = 16;  // what the lexicon takes in one step

// Of a word that is only ASCII letters, all lower case but perhaps the first, and that nothing joins to what
// follows: its size. 0 for all others.
std::size_t plain_word(std::string_view text, std::size_t at) {
  const char* word = text.data() + at;
  const auto size = 1 + bytes::lower_letters(word + 1);
  if (size > plain_word_max || at + size > text.size()) return 0;
  const char next = word[size];
  if (static_cast<unsigned char>(next) >= 0x80 || ascii_letter(next) || ascii_digit(next) || next == '_')
    return 0;
  // A hyphen or an apostrophe joins when a letter follows.
  const char after = word[size + 1];
  if ((next == '-' || next == '\'') && (static_cast<unsigned char>(after) >= 0x80 || ascii_letter(after)))
    return 0;
  return size;
}

// Whether ": X" or "= X" may follow: what makes a word the label of a field.
bool labels(const char* behind) {
  constexpr std::string_view signs = " :=\"'*\t";
  if (signs.find(behind[0]) == std::string_view::npos) return false;
  return behind[0] != ' ' || signs.find(behind[1]) != std::string_view::npos;
}

// Whether a detector may begin at this word of lower-case letters.
bool is_notable(const char* behind, std::size_t size, word::Kinds kinds) {
  constexpr auto begins = word::title | word::introduction | word::greeting | word::closing |
                          word::organisation_head | word::home | word::way_fr | word::post_box | word::month;
  if ((kinds & begins) != 0) return true;
  if ((kinds & word::field) != 0 && labels(behind)) return true;
  // "ab 123 cd", "fr76 3000", "atu 12345678"; an Italian tax code may be sixteen letters.
  const bool digit_near = ascii_digit(behind[0]) || ascii_digit(behind[1]);
  return (digit_near && (size == 2 || size == 3)) || size == 16;
}

Shape shape_of(std::string_view word, std::size_t uppers, std::size_t lowers, std::size_t digits,
               bool underscore, bool first_upper, bool inner_upper) {
  if (underscore || (digits > 0 && uppers + lowers > 0)) return Shape::code;
  if (digits > 0) return Shape::number;
  if (uppers == 0) return Shape::lower;
  if (lowers == 0) return uppers == 1 ? Shape::initial : Shape::upper;
  const bool joined = word.starts_with("Mc") || word.starts_with("Mac") || word.starts_with("De") ||
                      word.starts_with("Le") || word.starts_with("La") || word.starts_with("Du");
  return first_upper && (!inner_upper || joined) ? Shape::capital : Shape::mixed;
}

// Any word, character by character: from token.begin on; fills in end, shape, kinds and accented.
void read_word(const Scan& scan, Token& token) {
  const auto text = scan.text;
  const std::size_t start = token.begin;
  std::size_t at = start;
  const auto first = class_of(next_code_point(text, at));
  std::size_t uppers = first == Class::upper, lowers = first == Class::lower, digits = first == Class::digit;
  bool underscore = first == Class::underscore, parts_capital = true, inner_upper = false;
  bool accented = static_cast<unsigned char>(text[start]) >= 0x80;
  while (at < text.size()) {
    std::size_t next = at;
    char32_t c = next_code_point(text, next);
    auto kind = class_of(c);
    if (kind == Class::other) {
      // Inside a word: a hyphen or an apostrophe between letters.
      if ((c != '-' && c != '\'') || digits > 0 || next >= text.size()) break;
      std::size_t after = next;
      auto follows = class_of(next_code_point(text, after));
      if (follows != Class::lower && follows != Class::upper) break;
      if (c == '\'') {
        if (elides(text.substr(start, at - start))) break;
        if (follows == Class::lower && after < text.size() &&
            class_of(static_cast<unsigned char>(text[after])) == Class::other && text[next] == 's')
          break;  // John's
      }
      if (follows == Class::upper)
        ++uppers;
      else {
        ++lowers;
        if (c == '-') parts_capital = false;
      }
      at = after;
      continue;
    }
    if (kind == Class::upper) {
      if (lowers > 0 &&
          (static_cast<unsigned char>(text[at - 1]) >= 0x80 || ascii_lower_letter(text[at - 1])))
        inner_upper = true;
      ++uppers;
    } else if (kind == Class::lower) {
      ++lowers;
    } else if (kind == Class::digit) {
      ++digits;
    } else {
      underscore = true;
    }
    accented = accented || c >= 0x80;
    at = next;
  }
  token.end = static_cast<std::uint32_t>(at);
  token.accented = accented;
  const auto word = text.substr(start, at - start);
  token.shape = shape_of(word, uppers, lowers, digits, underscore, first == Class::upper, inner_upper);
  if (token.shape == Shape::number || word.size() > 40) return;
  std::array<char, 48> key{};
  const std::string_view folded(key.data(), fold(word, key.data(), key.size()));
  token.kinds = scan.lexicon->kinds(folded);
  auto hyphen = folded.find('-');
  if (hyphen != std::string_view::npos && (token.kinds & word::place) == 0 && parts_capital)
    token.kinds |= scan.lexicon->kinds(folded.substr(0, hyphen)) & (word::first_name | word::surname);
  // "Marié" and "Aimé" are not Marie and Aime: participles keep their accent.
  if (accented && folded == "marie") token.kinds = 0;
}

}  // namespace

void tokenise(Scan& scan) {
  auto text = scan.text;
  scan.tokens.clear();
  scan.notable.clear();
  scan.seen = 0;
  std::size_t line_end = 0;
  bool quiet = false, sentence_start = true;

  for (std::size_t at = 0; at < text.size();) {
    if (at >= line_end) {
      auto found = text.find('\n', at);
      line_end = found == std::string_view::npos ? text.size() : found + 1;
      quiet = is_quiet(text.substr(at, line_end - at).substr(0, 4096));
      sentence_start = true;
    }
    Token token;
    token.begin = static_cast<std::uint32_t>(at);
    const char c = text[at];
    std::size_t size = 0;
    if (ascii_letter(c) && (size = plain_word(text, at)) > 0) {
      token.end = static_cast<std::uint32_t>(at + size);
      token.shape = ascii_lower_letter(c) ? Shape::lower : size == 1 ? Shape::initial : Shape::capital;
      token.kinds = scan.lexicon->kinds_of_plain(text.data() + at, size);
    } else {
      std::size_t next = at;
      if (class_of(next_code_point(text, next)) == Class::other) {
        sentence_start = sentence_start || begins_sentence[static_cast<unsigned char>(c)];
        at = next;
        continue;
      }
      read_word(scan, token);
    }
    token.sentence_start = std::exchange(sentence_start, false);
    token.quiet = quiet;
    scan.seen |= token.kinds;
    at = token.end;
    if (token.shape != Shape::lower ||
        is_notable(text.data() + token.end, token.end - token.begin, token.kinds))
      scan.notable.push_back(static_cast<std::uint32_t>(scan.tokens.size()));
    scan.tokens.push_back(token);
  }
}

}  // namespace bastide::guard
