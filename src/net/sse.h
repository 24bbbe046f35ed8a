// Server-sent events, both ways (WHATWG HTML, 9.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::net {

struct SseEvent {
  std::string event{};  // empty means "message"
  std::string data{};
  std::string id{};
};

/// Frames events out of bytes split anywhere, UTF-8 included. One thread at a time.
class SseParser {
 public:
  explicit SseParser(std::size_t event_bytes_max = 4 * 1024 * 1024) : max_(event_bytes_max) {}
  /// Appends the events that `bytes` completes to `out`. Code::too_large when one event grows beyond the
  /// limit.
  [[nodiscard]] Result<void> feed(std::string_view bytes, std::vector<SseEvent>& out);
  /// Whether the next byte begins an event that is not the first.
  [[nodiscard]] bool is_between() const {
    return !at_start_ && !after_cr_ && !has_data_ && line_.empty() && current_.event.empty();
  }
  /// Whether bytes of an event that never ended are left: the stream was cut.
  [[nodiscard]] bool has_partial() const { return !line_.empty() || !current_.data.empty(); }

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& out);

  std::size_t max_;
  std::string line_;
  SseEvent current_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
};

/// The bytes of one event; `data` may hold line breaks.
[[nodiscard]] std::string sse_text(std::string_view data, std::string_view event = {},
                                   std::string_view id = {});

}  // namespace bastide::net
