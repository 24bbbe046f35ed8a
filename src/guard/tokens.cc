#include "guard/tokens.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "guard/utf8.h"

namespace bastide::guard {
namespace {

bool ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool ascii_lower_letter(char c) { return c >= 'a' && c <= 'z'; }
bool ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool ascii_letter(char c) { return ascii_upper(c) || ascii_lower_letter(c); }

enum class Class : std::uint8_t { other, lower, upper, digit, underscore };

Class class_of(char32_t c) {
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

// The words before which French drops a vowel: l'Italie is two words, O'Brien and aujourd'hui one.
bool elides(std::string_view word) {
  constexpr std::array<std::string_view, 14> all{"l", "d",  "j",     "m",      "n",      "s",      "t",
                                                 "c", "qu", "jusqu", "lorsqu", "puisqu", "quelqu", "quoiqu"};
  return std::ranges::any_of(all, [&](auto w) { return equal_ignoring_ascii_case(w, word); });
}

// A line of code or of a log.
bool is_quiet(std::string_view line) {
  auto start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return false;
  auto body = line.substr(start);
  std::size_t marks = 0;
  for (char c : body) marks += std::string_view("{}();=<>_$&|\\").find(c) != std::string_view::npos;
  if (marks >= 4 && marks * 12 > body.size()) return true;
  if (body.ends_with(';') || body.ends_with('{')) return marks >= 2;
  constexpr std::array<std::string_view, 14> code{"import ", "from ",    "def ",     "class ",    "return ",
                                                  "const ",  "let ",     "var ",     "function ", "#include",
                                                  "public ", "private ", "package ", "using "};
  for (auto word : code)
    if (body.starts_with(word) && (marks >= 2 || word[0] == '#')) return true;
  auto head = body.substr(0, 96);
  constexpr std::array<std::string_view, 7> levels{"INFO",  "DEBUG", "WARN",  "ERROR",
                                                   "TRACE", "FATAL", "NOTICE"};
  bool level = std::ranges::any_of(levels, [&](auto word) {
    auto at = head.find(word);
    return at != std::string_view::npos && (at == 0 || !ascii_letter(head[at - 1])) &&
           (at + word.size() >= head.size() || !ascii_lower_letter(head[at + word.size()]));
  });
  std::size_t digits = 0, colons = 0;
  for (char c : head.substr(0, 32)) {
    digits += ascii_digit(c);
    colons += c == ':';
  }
  bool stamp = digits >= 6 && colons >= 2;  // a time of day near the start
  return stamp || (level && (colons > 0 || body[0] == '['));
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

bool Scan::is(std::size_t i, std::string_view lower) const {
  return i < tokens.size() && equal_ignoring_ascii_case(word(i), lower);
}

void tokenise(Scan& scan) {
  auto text = scan.text;
  scan.tokens.clear();
  scan.seen = 0;
  std::size_t line_end = 0;
  bool quiet = false, sentence_start = true;
  std::array<char, 48> key{};

  for (std::size_t at = 0; at < text.size();) {
    if (at >= line_end) {
      auto found = text.find('\n', at);
      line_end = found == std::string_view::npos ? text.size() : found + 1;
      quiet = is_quiet(text.substr(at, line_end - at).substr(0, 4096));
      sentence_start = true;
    }
    std::size_t start = at;
    auto first = class_of(next_code_point(text, at));
    if (first == Class::other) {
      char c = text[start];
      if (c == '.' || c == '!' || c == '?' || c == ':' || c == ';' || c == '"' || c == '*' || c == '#' ||
          c == '|' || c == '(')
        sentence_start = true;
      continue;
    }

    std::size_t uppers = first == Class::upper, lowers = first == Class::lower,
                digits = first == Class::digit;
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

    Token token;
    token.begin = static_cast<std::uint32_t>(start);
    token.end = static_cast<std::uint32_t>(at);
    token.accented = accented;
    token.sentence_start = sentence_start;
    token.quiet = quiet;
    sentence_start = false;
    auto word = text.substr(start, at - start);
    if (underscore || (digits > 0 && uppers + lowers > 0)) {
      token.shape = Shape::code;
    } else if (digits > 0) {
      token.shape = Shape::number;
    } else if (uppers == 0) {
      token.shape = Shape::lower;
    } else if (lowers == 0) {
      token.shape = uppers == 1 ? Shape::initial : Shape::upper;
    } else if (first == Class::upper &&
               (!inner_upper || word.starts_with("Mc") || word.starts_with("Mac") || word.starts_with("De") ||
                word.starts_with("Le") || word.starts_with("La") || word.starts_with("Du"))) {
      token.shape = Shape::capital;
    } else {
      token.shape = Shape::mixed;
    }
    if (token.shape != Shape::number && word.size() <= 40) {
      auto size = fold(word, key.data(), key.size());
      std::string_view folded(key.data(), size);
      token.kinds = scan.lexicon->kinds(folded);
      auto hyphen = folded.find('-');
      if (hyphen != std::string_view::npos && (token.kinds & word::place) == 0 && parts_capital)
        token.kinds |= scan.lexicon->kinds(folded.substr(0, hyphen)) & (word::first_name | word::surname);
      // "Marié" and "Aimé" are not Marie and Aime: participles keep their accent.
      if (accented && folded == "marie") token.kinds = 0;
    }
    scan.seen |= token.kinds;
    scan.tokens.push_back(token);
  }
}

}  // namespace bastide::guard
