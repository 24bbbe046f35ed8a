#include "models/local/text_gate.h"

#include <algorithm>

#include "base/text.h"

namespace bastide::models::local {

TextGate::TextGate(std::vector<std::string> stop_words) : stop_words_(std::move(stop_words)) {
  std::erase_if(stop_words_, [](const std::string& word) { return word.empty(); });
}

std::string TextGate::feed(std::string_view piece) {
  if (stopped_) return {};
  held_.append(piece);

  std::size_t first = std::string::npos;
  for (const auto& word : stop_words_) first = std::min(first, held_.find(word));
  if (first != std::string::npos) {
    stopped_ = true;
    std::string out = to_valid_utf8(std::string_view(held_).substr(0, first));
    held_.clear();
    return out;
  }

  std::size_t keep = incomplete_utf8_tail(held_);
  for (const auto& word : stop_words_)
    for (std::size_t size = std::min(word.size() - 1, held_.size()); size > keep; --size)
      if (held_.ends_with(std::string_view(word).substr(0, size))) {
        keep = size;
        break;
      }
  // A stop word may begin in the middle of a character only if it is itself malformed; keep whole characters.
  std::size_t show = held_.size() - keep;
  show -= incomplete_utf8_tail(std::string_view(held_).substr(0, show));
  std::string out = to_valid_utf8(std::string_view(held_).substr(0, show));
  held_.erase(0, show);
  return out;
}

std::string TextGate::finish() {
  if (stopped_) return {};
  std::string out = to_valid_utf8(held_);
  held_.clear();
  return out;
}

}  // namespace bastide::models::local
