// A stream as a whole answer, and a whole answer as a stream.
#pragma once

#include <vector>

#include "dialects/answer.h"
#include "dialects/events.h"

namespace bastide::dialects {

/// Puts a stream's events together. One thread at a time.
class Collector {
 public:
  /// Of a Failure nothing is kept. Code::too_large beyond 64 MB.
  [[nodiscard]] Result<void> feed(const StreamEvent& event);
  /// Whether End came.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const ChatAnswer& so_far() const { return answer_; }
  [[nodiscard]] ChatAnswer take() { return std::move(answer_); }

 private:
  Choice& choice(int index);
  Part* open_part(int index);

  ChatAnswer answer_{};
  std::size_t bytes_ = 0;
  bool ended_ = false;
};

/// The events of an answer that came whole, Start to End.
[[nodiscard]] std::vector<StreamEvent> events_of(const ChatAnswer& answer);

}  // namespace bastide::dialects
