#include "guard/token_shape.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include "guard/utf8.h"

namespace bastide::guard {
namespace {

constexpr std::array<std::string_view, kind_count> words{
    "PERSON", "PLACE",    "ORG",   "EMAIL", "PHONE", "IBAN",    "CARD",   "NIR", "SIREN", "SIRET",
    "VAT",    "PASSPORT", "PLATE", "IP",    "BIRTH", "ADDRESS", "SECRET", "ID",  "BIC",   "TEXT"};

struct Alias {
  std::string_view word;
  std::uint8_t kind;
};
// What models make of the words when they answer in French, or spell them out.
constexpr std::array aliases{
    Alias{"PERSONNE", 0},     Alias{"LIEU", 1},       Alias{"LOCATION", 1}, Alias{"ORGANISATION", 2},
    Alias{"ORGANIZATION", 2}, Alias{"COURRIEL", 3},   Alias{"MAIL", 3},     Alias{"TELEPHONE", 4},
    Alias{"TEL", 4},          Alias{"CARTE", 6},      Alias{"TVA", 10},     Alias{"PASSEPORT", 11},
    Alias{"PLAQUE", 12},      Alias{"NAISSANCE", 14}, Alias{"ADRESSE", 15}, Alias{"TEXTE", 19}};

constexpr std::size_t digits_max = 6;
constexpr std::size_t fillers_max = 4;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }

enum class Exactness { exact, tolerant };

bool begins(std::string_view word, std::string_view prefix, Exactness how) {
  if (prefix.size() > word.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (word[i] != (how == Exactness::tolerant ? upper(prefix[i]) : prefix[i])) return false;
  return true;
}

// Kind of a whole word among those issued; kind_count when there is none. `prefix_of_one`: it begins such a
// word.
std::uint8_t find_kind(std::string_view text, const Issued& issued, Exactness how, bool& prefix_of_one) {
  std::uint8_t found = kind_count;
  prefix_of_one = false;
  auto consider = [&](std::string_view word, std::uint8_t kind) {
    if (issued[kind] == 0 || !begins(word, text, how)) return;
    if (word.size() == text.size())
      found = kind;
    else
      prefix_of_one = true;
  };
  for (std::uint8_t kind = 0; kind < kind_count; ++kind) consider(words[kind], kind);
  if (how == Exactness::tolerant)
    for (const auto& alias : aliases) consider(alias.word, alias.kind);
  return found;
}

// Size of the separator at `at`: "_", a hyphen of any kind, a blank of any kind; 0 for none; npos when the
// text ends within a code point's possible beginning.
std::size_t separator_size(std::string_view text, std::size_t at, Exactness how) {
  char c = text[at];
  if (c == '_' || c == '-') return 1;
  if (how == Exactness::tolerant && (c == ' ' || c == '*' || c == '\\')) return 1;
  std::size_t next = at;
  auto point = next_code_point(text, next);
  bool hyphen = (point >= 0x2010 && point <= 0x2015) || point == 0x2212;
  bool blank = point == 0xA0 || point == 0x202F || (point >= 0x2000 && point <= 0x200B);
  return hyphen || (blank && how == Exactness::tolerant) ? next - at : 0;
}

constexpr ShapeMatch no{};
constexpr ShapeMatch partial{ShapeMatch::State::partial, 0, 0, 0};

ShapeMatch end_of_text(Rest rest) { return rest == Rest::may_follow ? partial : no; }

// Word, separators, digits. `at` moves behind them.
ShapeMatch body(std::string_view text, std::size_t& at, const Issued& issued, Exactness how, Rest rest) {
  std::size_t start = at;
  while (at < text.size() && letter(text[at]) && at - start <= 14) ++at;
  bool prefix = false;
  auto kind = find_kind(text.substr(start, at - start), issued, how, prefix);
  if (at >= text.size()) return at > start && (prefix || kind < kind_count) ? end_of_text(rest) : no;
  if (kind >= kind_count) return no;
  std::size_t separators = 0;
  if (how == Exactness::exact && text[at] == '\\') {
    if (at + 1 >= text.size()) return end_of_text(rest);
    if (text[at + 1] != '_') return no;
    ++at;
  }
  while (at < text.size() && separators < (how == Exactness::exact ? 1U : 4U)) {
    auto size = separator_size(text, at, how);
    if (size == 0) break;
    at += size;
    ++separators;
  }
  if (how == Exactness::exact && separators == 0) return no;
  if (at >= text.size()) return end_of_text(rest);
  std::size_t first_digit = at;
  std::uint32_t number = 0;
  while (at < text.size() && digit(text[at]) && at - first_digit < digits_max) {
    number = number * 10 + static_cast<std::uint32_t>(text[at] - '0');
    ++at;
  }
  if (at == first_digit || text[first_digit] == '0' || number > issued[kind]) return no;
  return {ShapeMatch::State::full, 0, kind, number};
}

ShapeMatch bracketed(std::string_view text, std::size_t at, const Issued& issued, Rest rest) {
  std::size_t start = at;
  if (text[at] == '\\') {
    if (++at >= text.size()) return end_of_text(rest);
    if (text[at] != '[') return no;
  }
  ++at;
  auto filler = [&](char c) { return c == ' ' || c == '*' || c == '_' || c == '`' || c == '\\'; };
  for (std::size_t n = 0; at < text.size() && filler(text[at]) && n < fillers_max; ++n) ++at;
  if (at >= text.size()) return end_of_text(rest);
  auto match = body(text, at, issued, Exactness::tolerant, rest);
  if (match.state != ShapeMatch::State::full) return match;
  for (std::size_t n = 0; at < text.size() && filler(text[at]) && n < fillers_max; ++n) ++at;
  if (at >= text.size()) return end_of_text(rest);
  if (text[at] != ']') return no;
  match.size = at + 1 - start;
  return match;
}

ShapeMatch bare(std::string_view text, std::size_t at, const Issued& issued, Rest rest) {
  std::size_t start = at;
  auto match = body(text, at, issued, Exactness::exact, rest);
  if (match.state != ShapeMatch::State::full) return match;
  if (at >= text.size()) {
    if (rest == Rest::may_follow) return partial;
  } else {
    std::size_t next = at;
    if (is_word_point(next_code_point(text, next))) return no;
  }
  match.size = at - start;
  return match;
}

}  // namespace

std::string_view kind_word(std::uint8_t kind) { return words.at(kind); }

std::string token_text(std::uint8_t kind, std::uint32_t number) {
  return fmt::format("[{}_{}]", kind_word(kind), number);
}

Issued everything() {
  Issued all{};
  all.fill(999'999);
  return all;
}

bool is_word_point(char32_t c) {
  if (c < 0x80) {
    auto ascii = static_cast<char>(c);
    return letter(ascii) || digit(ascii) || c == '_';
  }
  return c >= 0xAA && u_isalnum(static_cast<UChar32>(c));
}

bool ends_in_word(std::string_view text) {
  auto last = text.size() - 1;
  while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) --last;
  return is_word_point(next_code_point(text, last));
}

std::size_t plain_end(std::string_view text, std::size_t at) {
  const auto may_begin = [](char c) { return c == '[' || c == '\\' || (c >= 'A' && c <= 'Z'); };
  while (at < text.size() && !may_begin(text[at])) ++at;
  return at;
}

ShapeMatch match_token(std::string_view text, std::size_t at, bool after_word, const Issued& issued,
                       Rest rest) {
  char c = text[at];
  if (c == '[' || c == '\\') return bracketed(text, at, issued, rest);
  if (c >= 'A' && c <= 'Z' && !after_word) return bare(text, at, issued, rest);
  return no;
}

}  // namespace bastide::guard
