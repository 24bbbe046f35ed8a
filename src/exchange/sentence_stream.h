// Cuts a streamed answer into sentences that can be checked before anyone sees them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bastide::exchange {

/// One coroutine at a time. The pieces that `next` and `rest` return, joined, are exactly what was fed.
class SentenceStream {
 public:
  void feed(std::string_view text) { pending_.append(text); }
  /// The next complete sentence with its markers ("[1]") and the blanks after it, or nothing yet.
  [[nodiscard]] std::optional<std::string> next();
  /// What is left at the end.
  [[nodiscard]] std::string rest();

 private:
  std::string pending_;
};

}  // namespace bastide::exchange
