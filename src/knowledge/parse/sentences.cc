#include "knowledge/parse/sentences.h"

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/text.h"

namespace bastide::knowledge::parse {
namespace {

// Words that carry a full stop without ending a sentence, in lower case. Those that may well end one ("etc.")
// are left to what follows: a small letter goes on.
constexpr std::array<std::string_view, 96> abbreviations{
    "adj",  "al",   "alin", "anc",  "app",  "approx", "apr",  "art",   "arts", "aug",  "av",   "ave",
    "bd",   "boul", "bull", "cap",  "cf",   "ch",     "chap", "chron", "cie",  "circ", "civ",  "cod",
    "coll", "col",  "cons", "crim", "dec",  "déc",    "dept", "dép",   "dir",  "div",  "dr",   "dre",
    "e.g",  "ed",   "éd",   "env",  "eq",   "esp",    "est",  "ex",    "fasc", "feb",  "févr", "fig",
    "figs", "fr",   "gal",  "gen",  "gouv", "hon",    "i.e",  "ibid",  "id",   "jan",  "janv", "jr",
    "juil", "l",    "lib",  "liv",  "lt",   "m",      "me",   "mgr",   "mm",   "mr",   "mrs",  "ms",
    "mt",   "n",    "no",   "nos",  "nov",  "obs",    "oct",  "op",    "p",    "par",  "pp",   "préf",
    "prof", "r",    "rec",  "réf",  "resp", "rev",    "sect", "sén",   "sept", "st",   "v",    "vol"};

bool is_abbreviation(std::string_view word) {
  auto lower = ascii_lower(word);
  for (std::string_view big : {"É"})
    if (auto at = lower.find(big); at != std::string::npos) lower.replace(at, big.size(), "é");
  if (std::ranges::find(abbreviations, lower) != abbreviations.end()) return true;
  for (std::string_view more : {"tél", "tel", "vs",   "viz",  "sgt",  "capt",   "cpt",     "col",  "inc",
                                "ltd", "sr",  "prés", "suiv", "trib", "cass",   "jurispr", "jorf", "dc",
                                "s",   "t",   "d",    "tab",  "ann",  "annexe", "c.-à-d"})
    if (lower == more) return true;
  return false;
}

UChar32 code_point_at(std::string_view text) {
  if (text.empty()) return 0;
  std::int32_t at = 0;
  UChar32 c = 0;
  auto part = text.substr(0, 4);
  const auto* bytes = part.data();
  auto length = static_cast<std::int32_t>(part.size());
  U8_NEXT(bytes, at, length, c);
  return c;
}

std::string_view trim_space(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool ends_with_stop(std::string_view text) {
  // Closing quotes and brackets may follow the stop.
  for (auto more = true; more;) {
    more = false;
    for (std::string_view close : {"\"", "'", ")", "]", "»", "”", "’", " "})
      if (text.ends_with(close)) {
        text.remove_suffix(close.size());
        more = true;
      }
  }
  return text.ends_with('.') || text.ends_with('!') || text.ends_with('?') || text.ends_with("…") ||
         text.ends_with(':');
}

bool is_list_mark(std::string_view text) {
  for (std::string_view mark : {"- ", "* ", "• ", "– ", "— ", "▪ ", "◦ "})
    if (text.starts_with(mark)) return true;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 3 && text[digits] >= '0' && text[digits] <= '9') ++digits;
  return digits > 0 && text.size() > digits + 1 && (text[digits] == '.' || text[digits] == ')') &&
         text[digits + 1] == ' ';
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }
std::string_view last_line(std::string_view text) {
  auto at = text.rfind('\n');
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

// Whether the boundary between `before` and `after` (the rest of the text) is none.
bool goes_on(std::string_view before, std::string_view after) {
  auto left = trim_space(before);
  auto right = trim_space(after);
  if (left.empty() || right.empty()) return true;
  auto space_start = static_cast<std::size_t>(left.data() + left.size() - before.data());
  auto space_bytes = static_cast<std::size_t>(right.data() - (left.data() + left.size()));
  std::string_view space(before.data() + space_start, space_bytes);
  auto line_ends = static_cast<std::size_t>(std::ranges::count(space, '\n'));
  if (line_ends >= 2) return false;
  auto next = code_point_at(right);
  if (line_ends == 1) {
    if (is_list_mark(right) || first_line(right).find(" | ") != std::string_view::npos ||
        last_line(left).find(" | ") != std::string_view::npos)
      return false;
    if (!ends_with_stop(left)) return true;
  }
  if (next == 0xBB || next == ')' || next == ']' || next == 0x201D || next == ',' || next == ';') return true;
  if (!left.ends_with('.') && !left.ends_with("…")) return line_ends == 0 && u_islower(next) != 0;
  if (u_islower(next) != 0 && line_ends == 0) return true;
  if (left.ends_with("…")) return false;
  left.remove_suffix(1);
  auto word_start = left.find_last_of(" \t\n(['\"");
  auto word = word_start == std::string_view::npos ? left : left.substr(word_start + 1);
  for (std::string_view apostrophe : {"’", "«"})
    if (auto at = word.rfind(apostrophe); at != std::string_view::npos)
      word.remove_prefix(at + apostrophe.size());
  if (word.empty()) return false;
  // "1." alone at its line's start is the mark of what follows.
  if (word.size() <= 3 && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; }))
    return trim_space(last_line(left)) == word;
  if (count_code_points(word) == 1 && u_isupper(code_point_at(word)) != 0) return true;
  // "J.-K.", "U.S." in the middle: what follows decides; initials before a name go on.
  if (word.size() == 3 && word[1] == '.' &&
      u_isupper(static_cast<UChar32>(static_cast<unsigned char>(word[0]))) != 0)
    return false;
  return is_abbreviation(word);
}

std::unique_ptr<icu::BreakIterator> new_iterator() {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::BreakIterator> made(
      icu::BreakIterator::createSentenceInstance(icu::Locale("fr"), status));
  if (U_FAILURE(status)) return nullptr;
  return made;
}

std::vector<std::size_t> boundaries(std::string_view text) {
  thread_local const auto iterator = new_iterator();  // costs more to make than a paragraph to split
  std::vector<std::size_t> out;
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<UText, UText* (*)(UText*)> source(
      utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status), utext_close);
  if (iterator && U_SUCCESS(status)) {
    iterator->setText(source.get(), status);
    iterator->first();
    for (auto at = iterator->next(); U_SUCCESS(status) && at != icu::BreakIterator::DONE;
         at = iterator->next())
      out.push_back(static_cast<std::size_t>(at));
  }
  if (out.empty() || out.back() != text.size()) out.push_back(text.size());
  return out;
}

}  // namespace

std::vector<Sentence> sentences(std::string_view text) {
  // ICU counts in 32 bits.
  constexpr std::size_t bytes_max = 1U << 30U;
  text = utf8_prefix(text, bytes_max);
  std::vector<Sentence> out;
  if (text.empty()) return out;
  std::size_t start = 0;
  std::size_t counted_bytes = 0;
  std::size_t counted = 0;
  auto code_points_to = [&](std::size_t byte) {
    counted += count_code_points(text.substr(counted_bytes, byte - counted_bytes));
    counted_bytes = byte;
    return counted;
  };
  for (auto end : boundaries(text)) {
    // Looking at a window keeps a text of a million lines linear.
    constexpr std::size_t window = 400;
    auto from = std::max(start, end > window ? end - window : 0);
    if (end < text.size() && goes_on(text.substr(from, end - from), text.substr(end, window))) continue;
    auto trimmed = trim_space(text.substr(start, end - start));
    if (!trimmed.empty()) {
      auto first = static_cast<std::size_t>(trimmed.data() - text.data());
      auto range_start = code_points_to(first);
      out.push_back({{range_start, code_points_to(first + trimmed.size())}, trimmed});
    }
    start = end;
  }
  return out;
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  std::size_t unspaced = 0;
  auto in_word = false;
  for (std::size_t at = 0; at < text.size();) {
    auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      ++at;
      auto letter = (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z';
      if (byte <= ' ')
        in_word = false;
      else if (!in_word && (letter || (byte >= '0' && byte <= '9'))) {
        in_word = true;
        ++words;
      }
      continue;
    }
    std::int32_t size = 0;
    UChar32 c = 0;
    auto part = text.substr(at, 4);
    const auto* bytes = part.data();
    auto length = static_cast<std::int32_t>(part.size());
    U8_NEXT(bytes, size, length, c);
    at += static_cast<std::size_t>(size);
    if ((c >= 0x0E00 && c < 0x1100) || (c >= 0x1780 && c < 0x1800) || (c >= 0x3040 && c < 0xA000)) {
      ++unspaced;
      in_word = false;
    } else if (!in_word && c > 0xBF && u_isalnum(c) != 0) {
      in_word = true;
      ++words;
    }
  }
  return words + (unspaced + 1) / 2;
}

}  // namespace bastide::knowledge::parse
