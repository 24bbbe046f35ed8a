// Checks of secrets: what looks random, what stands behind "password =", whole keys.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "guard/rules.h"

namespace bastide::guard::checks {
namespace {
bool ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool ascii_lower_letter(char c) { return c >= 'a' && c <= 'z'; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Bits a character of Shannon's entropy.
double entropy(std::string_view text) {
  std::array<int, 256> counts{};
  for (char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (int n : counts) {
    if (n == 0) continue;
    double p = n / static_cast<double>(text.size());
    bits -= p * std::log2(p);
  }
  return bits;
}

// Values that stand for a secret without being one.
bool placeholder(std::string_view value) {
  auto lower = ascii_lower(value);
  if (lower.find_first_not_of("*x.-_#0 ") == std::string::npos) return true;
  constexpr std::array<std::string_view, 22> words{
      "example",   "exemple", "placeholder", "changeme",    "your_",      "your-", "yourpass", "votre",
      "xxxx",      "****",    "....",        "redacted",    "masked",     "none",  "null",     "nil",
      "undefined", "true",    "false",       "process.env", "os.environ", "getenv"};
  if (std::ranges::any_of(words, [&](auto w) {
        return lower.find(w) != std::string::npos &&
               (w.size() > 5 || lower == w || w.back() == '_' || w.back() == '-' || w[0] == 'x' ||
                w[0] == '*' || w[0] == '.');
      }))
    return true;
  return value.find("${") != std::string_view::npos || value.find("$(") != std::string_view::npos ||
         value.find("{{") != std::string_view::npos || value[0] == '<' || value[0] == '$' || value[0] == '%';
}
}  // namespace

bool random_text(const Scan& scan, Span& span) {
  auto text = scan.text.substr(span.begin, span.end - span.begin);
  auto space = text.find(' ');  // "Bearer TOKEN": the token alone
  if (space != std::string_view::npos) {
    span.begin += space + 1;
    text.remove_prefix(space + 1);
  }
  bool hex = std::ranges::all_of(
      text, [](char c) { return ascii_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); });
  bool digits = std::ranges::any_of(text, ascii_digit);
  return digits && text.size() >= 16 && entropy(text) >= (hex ? 3.0 : 3.4) && !placeholder(text);
}

// From its first line to its END line; to the end of the text, within bounds, when that is missing.
bool private_key(const Scan& scan, Span& span) {
  constexpr std::size_t size_max = 16 * 1024;
  auto rest = scan.text.substr(span.begin, size_max);
  auto end = rest.find("-----END ", span.end - span.begin);
  if (end != std::string_view::npos) {
    auto last = rest.find("-----", end + 9);
    span.end = span.begin + (last == std::string_view::npos ? end + 9 : last + 5);
    return true;
  }
  // Cut short: as far as lines of base 64 go.
  std::size_t at = span.end;
  while (at < scan.text.size() && at - span.begin < size_max) {
    char c = scan.text[at];
    bool part = ascii_digit(c) || ascii_upper(c) || ascii_lower_letter(c) || c == '+' || c == '/' ||
                c == '=' || c == '\n' || c == '\r' || c == '\\';
    if (!part) break;
    ++at;
  }
  span.end = at;
  while (span.end > 0 && blank(scan.text[span.end - 1])) --span.end;
  return span.end > span.begin + 64;
}

bool jwt(const Scan& scan, Span& span) {
  auto text = scan.text.substr(span.begin, span.end - span.begin);
  while (text.ends_with('.')) {  // "alg": "none", or the end of a sentence
    text.remove_suffix(1);
    --span.end;
  }
  return std::ranges::count(text, '.') >= 1 && entropy(text) > 3.5;
}

// ://user:PASSWORD@host
bool url_password(const Scan& scan, Span& span) {
  auto text = scan.text.substr(span.begin, span.end - span.begin);
  auto start = text.find(':', 3) + 1;
  auto value = text.substr(start, text.size() - start - 1);
  if (value.empty() || placeholder(value) || ascii_lower(value) == "password" || ascii_lower(value) == "pass")
    return false;
  span = {span.begin + start, span.end - 1};
  return true;
}

// `span` ends with the first character of the value.
bool assignment(const Scan& scan, Span& span) {
  auto text = scan.text;
  auto name = text.substr(span.begin, span.end - span.begin);
  if (span.begin > 0 &&
      (ascii_lower_letter(text[span.begin - 1]) || static_cast<unsigned char>(text[span.begin - 1]) >= 0x80))
    return false;
  bool said =
      name.find(':') == std::string_view::npos && name.find('=') == std::string_view::npos;  // "is", "est"
  std::size_t begin = span.end - 1;
  char quote = text[begin - 1];
  bool quoted = quote == '"' || quote == '\'' || quote == '`';
  std::size_t end = begin;
  constexpr std::size_t size_max = 512;
  while (end < text.size() && end - begin < size_max && !blank(text[end]) && text[end] != '"' &&
         text[end] != '\'' && text[end] != '`' && text[end] != ';' && text[end] != ',' && text[end] != '<')
    ++end;
  while (end > begin &&
         (text[end - 1] == '.' || text[end - 1] == ')' || text[end - 1] == ']' || text[end - 1] == '}'))
    --end;
  if (!quoted)
    while (end > begin && (text[end - 1] == '!' || text[end - 1] == '?') && end - begin > 1 &&
           (end >= text.size() || blank(text[end])) &&
           std::ranges::all_of(text.substr(begin, end - 1 - begin), ascii_lower_letter))
      --end;
  auto value = text.substr(begin, end - begin);
  if (value.size() < 4 || placeholder(value)) return false;
  if (value.find('(') != std::string_view::npos && value.find('(') > 0 &&
      ascii_lower_letter(value[value.find('(') - 1]))
    return false;  // a call

  int kinds = 0;
  kinds += std::ranges::any_of(value, ascii_digit);
  kinds += std::ranges::any_of(value, ascii_upper);
  kinds += std::ranges::any_of(value, ascii_lower_letter);
  bool symbols = std::ranges::any_of(value, [](char c) {
    return !ascii_digit(c) && !ascii_upper(c) && !ascii_lower_letter(c) && c != '.' && c != '_' && c != '-' &&
           c != '/' && static_cast<unsigned char>(c) < 0x80;
  });
  bool digits = std::ranges::any_of(value, ascii_digit);
  kinds += symbols;
  auto lower_name = ascii_lower(name);
  bool word = lower_name.find("pass") != std::string::npos || lower_name.find("mot") != std::string::npos ||
              lower_name.find("mdp") != std::string::npos || lower_name.find("pwd") != std::string::npos ||
              lower_name.find("code secret") != std::string::npos;
  std::size_t after = end;
  while (after < text.size() && (text[after] == '"' || text[after] == '\'' || text[after] == '`')) ++after;
  bool last = after >= text.size() || text[after] == '\n' || text[after] == '\r' || text[after] == ';' ||
              text[after] == ',';
  bool good = false;
  if (word)  // passwords may be weak words: believe them where nothing follows, or in quotes
    good = (digits && kinds >= 2) || (symbols && kinds >= 2) || (digits && value.size() >= 6) ||
           (!said && (quoted || last) && value.size() >= 5 && (name.back() != ' ' || quoted || last));
  else
    good = value.size() >= 12 && digits && kinds >= 2 && entropy(value) >= 2.8;
  if (said && !digits && !symbols) good = false;
  // What tells about a password is not one: "password: required", "mot de passe : oublié ?"
  if (good && kinds == 1 && !digits) {
    auto lower = ascii_lower(value);
    constexpr std::array<std::string_view, 24> prose{
        "required", "oubli",   "string",      "forgot", "optional", "reset", "unknown", "incorrect",
        "invalid",  "wrong",   "obligatoire", "expire", "strong",   "weak",  "field",   "text",
        "input",    "minimum", "hash",        "token",  "missing",  "empty", "change",  "protected"};
    if (std::ranges::any_of(prose, [&](auto w) { return lower.starts_with(w); })) return false;
    if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
      return false;
  }
  span = {begin, end};
  return good;
}

}  // namespace bastide::guard::checks
