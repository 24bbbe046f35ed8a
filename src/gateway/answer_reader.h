// What a call needs to know of its answer, whoever reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "dialects/answer.h"
#include "net/relay.h"

namespace bastide::gateway {

/// One thread, one answer.
class AnswerReader : public net::RelayWatcher {
 public:
  static constexpr std::int64_t bytes_per_token = 4;  // of a whole answer that nobody counted
  /// Detail of the fault that a server streams although it was not asked to, or the other way round.
  static constexpr std::string_view streams_only = "streams_only";

  /// Nothing when nobody told it.
  [[nodiscard]] const std::optional<dialects::Usage>& usage() const { return usage_; }
  /// Pieces that a stream came in, for an estimate where nobody counts.
  [[nodiscard]] std::int64_t events() const { return events_; }
  [[nodiscard]] std::int64_t content_bytes() const { return content_bytes_; }
  /// The upstream's answer does not keep to its dialect, though its status is 200.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }
  [[nodiscard]] Steady::time_point first_byte() const { return first_byte_; }
  [[nodiscard]] bool refused() final { return fault_.has_value(); }

  /// Keeps a copy of what the client gets, for the cache. Before the relay.
  void keep_copy(std::size_t bytes_max) { copy_bytes_max_ = bytes_max; }
  struct Copy {
    std::string content_type, body;
  };
  /// The copy with its media type; nothing when the answer is not whole or was too long. At its end.
  [[nodiscard]] virtual std::optional<Copy> take_copy() = 0;

 protected:
  /// What in the head of a 200 says that no answer of the wanted form follows; sets `fault_`.
  void judge_head(const net::Headers& headers, bool wants_stream, bool may_stream_json);
  [[nodiscard]] bool is_events() const { return is_events_; }
  [[nodiscard]] bool copies() const { return copy_bytes_max_ > 0; }
  void copy(std::string_view shown) {
    if (copy_.size() + shown.size() <= copy_bytes_max_)
      copy_ += shown;
    else
      copy_bytes_max_ = 0;
  }

  std::optional<dialects::Usage> usage_{};
  std::optional<Error> fault_{};
  std::int64_t events_ = 0;
  std::int64_t content_bytes_ = 0;
  Steady::time_point first_byte_{};
  std::string copy_{};

 private:
  bool is_events_ = false;
  std::size_t copy_bytes_max_ = 0;  // 0: none is kept
};

}  // namespace bastide::gateway
