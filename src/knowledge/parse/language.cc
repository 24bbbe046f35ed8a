#include "knowledge/parse/language.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bastide::knowledge::parse::detail {
namespace {

// Frequent in one, absent from the other.
constexpr std::array<std::string_view, 24> french{
    "le",  "la",  "les", "des", "du",   "une", "et",    "est",  "dans", "pour", "que",  "qui",
    "par", "sur", "au",  "aux", "avec", "ce",  "cette", "sont", "vous", "ou",   "être", "pas"};
constexpr std::array<std::string_view, 24> english{
    "the", "of",   "and", "to",    "is", "are",  "that", "for", "with", "this", "be", "was",
    "by",  "from", "it",  "which", "or", "have", "has",  "you", "will", "not",  "an", "can"};

}  // namespace

std::string guess_language(std::string_view text) {
  constexpr std::size_t bytes_max = 40'000;
  auto lower = ascii_lower(utf8_prefix(text, bytes_max));
  std::size_t fr = 0;
  std::size_t en = 0;
  for (std::size_t at = 0; at < lower.size();) {
    auto end = std::min(lower.find_first_of(" \n\t.,;:!?()|\"'/-", at), lower.size());
    auto word = std::string_view(lower).substr(at, end - at);
    if (word.size() >= 2 && word.size() <= 5) {
      fr += std::ranges::find(french, word) != french.end();
      en += std::ranges::find(english, word) != english.end();
    }
    at = end + 1;
  }
  if (std::max(fr, en) < 3) return {};
  if (fr > 2 * en) return "fr";
  if (en > 2 * fr) return "en";
  return {};
}

}  // namespace bastide::knowledge::parse::detail
