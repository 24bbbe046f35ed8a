// IBAN and VAT: two letters of a country, then characters in any grouping.
#include <array>

#include "guard/checks.h"
#include "guard/detectors.h"

namespace bastide::guard {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
bool alnum(char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

// Letters and digits from a byte on, separators left out, with the byte after each.
struct Compact {
  std::array<char, 40> text{};
  std::array<std::size_t, 40> ends{};
  std::size_t size = 0;

  Compact(std::string_view from, std::size_t at, std::size_t size_max) {
    bool separated = false;
    for (std::size_t i = at; i < from.size() && size < size_max; ++i) {
      char c = from[i];
      if (alnum(c)) {
        ends[size] = i + 1;
        text[size++] = upper(c);
        separated = false;
      } else if ((c == ' ' || c == '-' || c == '.' || c == '/') && !separated) {
        separated = true;
      } else {
        break;
      }
    }
  }
  [[nodiscard]] std::string_view prefix(std::size_t n) const { return {text.data(), n}; }
};

bool digit(char c) { return c >= '0' && c <= '9'; }

bool try_iban(Scan& scan, std::size_t begin) {
  std::array<char, 2> country{upper(scan.text[begin]), upper(scan.text[begin + 1])};
  auto length = iban_length({country.data(), 2});
  if (length == 0) return false;
  Compact compact(scan.text, begin, length);
  if (compact.size < length || !iban(compact.prefix(length))) return false;
  auto end = compact.ends[length - 1];
  if (!scan.stands_alone(begin, end)) return false;
  scan.add(Type::iban, begin, end, .98, "iban.mod97");
  return true;
}

void try_vat(Scan& scan, std::size_t begin, bool upper_case) {
  std::array<char, 2> country{upper(scan.text[begin]), upper(scan.text[begin + 1])};
  auto length = vat_length_max({country.data(), 2});
  if (length == 0) return;
  bool named = scan.near(word::vat, begin, begin + 2, 6, 0);
  if (!upper_case && !named) return;
  Compact compact(scan.text, begin, length + 2);
  // Shorter national forms exist, so the longest that checks wins.
  for (std::size_t size = compact.size; size >= 7; --size) {
    auto end = compact.ends[size - 1];
    if (!scan.stands_alone(begin, end) || !vat(compact.prefix(size))) continue;
    // Written in many groups it is more likely something else, unless the words say VAT.
    std::size_t separators = end - begin - size;
    if (separators > 5 && !named) continue;
    // A few countries' numbers check weakly (one in ten): ask for words, or for no blank after the letters.
    bool glued = alnum(scan.text[begin + 2]);
    std::size_t digits = 0;
    for (char c : compact.prefix(size)) digits += digit(c);
    if (digits < 5 || (!named && !glued && size < 11)) continue;
    scan.add(Type::vat, begin, end, named ? .97 : .9, "vat.check");
    return;
  }
}

}  // namespace

void find_country_numbers(Scan& scan) {
  const auto look = [&](std::size_t i) {
    const auto& token = scan.tokens[i];
    auto size = token.end - token.begin;
    // "FR76...", "FR 76", "FR", "ATU12345678", "IE6433435F".
    if (token.shape == Shape::number || size < 2) return;
    auto word = scan.word(i);
    if (static_cast<unsigned char>(word[0]) >= 0x80 || static_cast<unsigned char>(word[1]) >= 0x80) return;
    if (digit(word[0]) || digit(word[1]) || word[0] == '_' || word[1] == '_') return;
    bool short_word = size == 2 || (size == 3 && upper(word[2]) == 'U') || (size == 3 && word == "CHE");
    if (!short_word && token.shape != Shape::code) return;
    bool upper_case = upper(word[0]) == word[0] && upper(word[1]) == word[1];
    if (try_iban(scan, token.begin)) return;
    try_vat(scan, token.begin, upper_case);
  };
  // In lower case only words about VAT make two letters a country, or digits right behind them.
  if ((scan.seen & word::vat) != 0)
    for (std::size_t i = 0; i < scan.tokens.size(); ++i) look(i);
  else
    for (auto i : scan.notable) look(i);
}

}  // namespace bastide::guard
