#include "knowledge/index/analyzer.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "knowledge/index/stop_words.h"

namespace bastide::knowledge::index {
namespace {

/// Folds one code point by ICU: NFKC case folding, decomposed, marks dropped.
std::string fold_slowly(UChar32 code_point) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* casefold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  const auto* decompose = icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status)) return {};
  const auto flat = decompose->normalize(casefold->normalize(icu::UnicodeString(code_point), status), status);
  std::string out;
  for (std::int32_t i = 0; i < flat.length(); i = flat.moveIndex32(i, 1)) {
    const auto c = flat.char32At(i);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (c == 0x153)
      out += "oe";
    else if (c == 0xe6)
      out += "ae";
    else if (c == 0x2019 || c == 0x2bc)
      out += '\'';
    else
      icu::UnicodeString(c).toUTF8String(out);
  }
  return out;
}

/// Latin, Greek, Cyrillic and their neighbours, folded once.
const std::string& fold_cached(UChar32 code_point) {
  static const auto* table = [] {
    auto* made = new std::array<std::string, 0x600>;
    for (std::size_t i = 0; i < made->size(); ++i) (*made)[i] = fold_slowly(static_cast<UChar32>(i));
    return made;
  }();
  return (*table)[static_cast<std::size_t>(code_point)];
}

void append_folded(std::string& out, UChar32 code_point) {
  if (code_point < 0x80)
    out += static_cast<char>(code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point);
  else if (code_point < 0x600)
    out += fold_cached(code_point);
  else
    out += fold_slowly(code_point);
}

/// The code point at `at`, which moves past it. Malformed bytes give U+FFFD.
UChar32 next_code_point(std::string_view text, std::size_t& at) {
  UChar32 code_point = 0;
  auto offset = static_cast<std::int64_t>(at);
  U8_NEXT_OR_FFFD(text.data(), offset, static_cast<std::int64_t>(text.size()), code_point);
  at = static_cast<std::size_t>(offset);
  return code_point;
}

bool belongs_to_word(UChar32 c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return u_isalnum(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

bool is_apostrophe(UChar32 c) { return c == '\'' || c == 0x2019 || c == 0x2bc; }

bool stands_alone(UChar32 c) { return c >= 0x2e80 && u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC); }

constexpr std::size_t word_bytes_max = 64;

}  // namespace

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_folded(out, next_code_point(text, at));
  return out;
}

std::vector<Word> words(std::string_view text, std::size_t words_max) {
  std::vector<Word> found;
  Word word;
  bool after_apostrophe = false;
  auto finish = [&](std::size_t end, bool before_apostrophe) {
    if (word.folded.empty()) return;
    word.end = end;
    const bool elided = before_apostrophe && is_elision(word.folded);
    const bool possessive = after_apostrophe && word.folded == "s";
    if (!elided && !possessive) found.push_back(std::move(word));
    word = {};
  };
  for (std::size_t at = 0; at < text.size() && found.size() < words_max;) {
    const auto start = at;
    const auto c = next_code_point(text, at);
    const bool inside = belongs_to_word(c);
    if (!inside || stands_alone(c) || word.folded.size() >= word_bytes_max) {
      finish(start, is_apostrophe(c));
      after_apostrophe = is_apostrophe(c);
    }
    if (!inside) continue;
    if (word.folded.empty()) word.start = start;
    append_folded(word.folded, c);
    if (stands_alone(c)) finish(at, false);
  }
  if (found.size() < words_max) finish(text.size(), false);
  return found;
}

std::vector<std::string> terms(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& word : words(text))
    if (!is_stop_word(word.folded)) out.push_back(stem(word.folded));
  return out;
}

std::vector<std::string> query_terms(std::string_view text, std::size_t terms_max) {
  const auto all = words(text, 2000);
  const auto french =
      std::ranges::count_if(all, [](const Word& w) { return is_french_function_word(w.folded); });
  const auto english =
      std::ranges::count_if(all, [](const Word& w) { return is_english_function_word(w.folded); });
  std::vector<std::string> kept;
  auto take = [&](const Word& word) {
    auto term = stem(word.folded);
    if (kept.size() < terms_max && std::ranges::find(kept, term) == kept.end())
      kept.push_back(std::move(term));
  };
  for (const auto& word : all) {
    if (is_stop_word(word.folded) || is_question_word(word.folded)) continue;
    if (french > english && is_french_function_word(word.folded)) continue;
    if (english > french && is_english_function_word(word.folded)) continue;
    take(word);
  }
  if (kept.empty())
    for (const auto& word : all) take(word);
  return kept;
}

std::uint64_t term_hash(std::string_view term) { return XXH3_64bits(term.data(), term.size()); }

}  // namespace bastide::knowledge::index
