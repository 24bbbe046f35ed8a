// TextGate: what of a model's output may be shown now. Bytes of tokens come split anywhere; stop words end
// the answer and are never shown, not even in part.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bastide::models::local {

/// Pure. One thread at a time.
class TextGate {
 public:
  explicit TextGate(std::vector<std::string> stop_words);
  /// The text that `piece` makes showable: complete UTF-8, malformed bytes as U+FFFD, nothing that could be
  /// the beginning of a stop word.
  [[nodiscard]] std::string feed(std::string_view piece);
  /// The rest, when the answer ended without a stop word.
  [[nodiscard]] std::string finish();
  /// Whether a stop word was met; `feed` gives nothing from then on.
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stop_words_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace bastide::models::local
