#include "exchange/sentence_stream.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t sentence_bytes_max = 4000;  // beyond, a "sentence" is cut at a blank

bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Whether the dot at `at` belongs to an abbreviation, an initial or a number rather than ending a sentence.
bool dot_inside(std::string_view text, std::size_t at) {
  auto from = at;
  while (from > 0 && !blank(text[from - 1]) && text[from - 1] != '(') --from;
  auto word = ascii_lower(text.substr(from, at - from));
  constexpr std::array<std::string_view, 20> abbreviations = {
      "m",  "mm", "mme", "mlle", "dr",  "art", "p",   "pp", "n",   "no",
      "cf", "ex", "mr",  "mrs",  "e.g", "i.e", "vol", "al", "fig", "st"};
  if (std::ranges::find(abbreviations, word) != abbreviations.end()) return true;
  // "1." at the start of a line numbers a list.
  bool digits = !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  return digits && (from == 0 || text[from - 1] == '\n');
}

// Past closing quotes, brackets, emphasis and citation markers after the end mark at `at`; npos: more text is
// needed.
std::size_t past_closers(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 8> closers = {"\"", "'", ")", "*", "_", "»", "”", "’"};
  while (true) {
    auto probe = at;
    while (probe < text.size() && (text[probe] == ' ' || text.substr(probe).starts_with(" "))) ++probe;
    if (probe < text.size() && text[probe] == '[') {
      auto close = text.find(']', probe);
      if (close == std::string_view::npos) return text.size() - probe > 12 ? at : std::string_view::npos;
      auto inner = text.substr(probe + 1, close - probe - 1);
      if (inner.empty() || inner.find_first_not_of("0123456789, ") != std::string_view::npos) return at;
      at = close + 1;
      continue;
    }
    auto closer = std::ranges::find_if(closers, [&](auto c) { return text.substr(at).starts_with(c); });
    if (closer == closers.end()) return at;
    at += closer->size();
  }
}
}  // namespace

std::optional<std::string> SentenceStream::next() {
  std::string_view text = pending_;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = 0;
    if (text[i] == '\n') {
      end = i + 1;
    } else if (text[i] == '!' || text[i] == '?' || (text[i] == '.' && !dot_inside(text, i))) {
      end = past_closers(text, i + 1);
    } else if (text.substr(i).starts_with("…")) {
      end = past_closers(text, i + 3);
    } else {
      continue;
    }
    if (end == std::string_view::npos) return std::nullopt;
    bool line = text[i] == '\n';
    if (!line && end >= text.size()) return std::nullopt;  // a marker or a digit may follow
    if (!line && !blank(text[end])) continue;              // 3.5, bastide.fr
    while (end < text.size() && blank(text[end])) ++end;
    if (!line && end >= text.size()) return std::nullopt;
    if (text.substr(end).starts_with("[")) continue;  // its marker stands behind the blank
    auto sentence = pending_.substr(0, end);
    pending_.erase(0, end);
    return sentence;
  }
  if (text.size() > sentence_bytes_max) {
    auto cut = text.rfind(' ');
    if (cut == std::string_view::npos) cut = utf8_prefix(text, sentence_bytes_max).size();
    auto sentence = pending_.substr(0, cut);
    pending_.erase(0, cut);
    return sentence;
  }
  return std::nullopt;
}

std::string SentenceStream::rest() { return std::exchange(pending_, {}); }

}  // namespace bastide::exchange
