// One call to a worker, seen from the server: what came and was not read yet.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bell.h"
#include "dialects/codec.h"
#include "exchange/ports.h"
#include "models/local/frame.h"

namespace bastide::models::local {

/// Filled by the worker's supervisor thread, read by one coroutine. Thread-safe.
class LocalCall {
 public:
  /// Unread text beyond this ends the call: no context is that long.
  static constexpr std::size_t unread_max_bytes = 16 * 1024 * 1024;

  /// `results_expected`: vectors or scores.
  explicit LocalCall(std::size_t results_expected = 0) : results_expected_(results_expected) {}

  /// A frame of this call. False: the call has ended, forget it.
  bool take(const Frame& frame);
  /// Ends the call with `error`, unless it has ended.
  void fail(Error error);

  /// Returns once the worker has accepted the call.
  [[nodiscard]] Task<Result<void>> accepted();
  /// The next event; pieces that came meanwhile are joined.
  [[nodiscard]] Task<Result<dialects::StreamEvent>> next();
  [[nodiscard]] Task<Result<VectorsBody>> vectors();
  [[nodiscard]] Task<Result<ScoresBody>> scores();
  /// Blocks the thread for at most `patience`.
  [[nodiscard]] std::optional<std::uint32_t> number_within(Micros patience);
  [[nodiscard]] bool ended() const;
  /// How the answer ended; zeros as long as it did not.
  [[nodiscard]] FinishBody finished() const;

 private:
  bool take_locked(const Frame& frame);
  /// What the worker wrote next, as the delta of an OpenAI chunk, with further fields of its choice.
  bool take_delta(std::string_view delta_json, std::string_view more = {});
  void finish(const FinishBody& body);
  void place(const QueuedBody& queued);
  void add(dialects::StreamEvent event);

  mutable std::mutex mutex_;
  Bell bell_;
  std::condition_variable counted_;
  std::size_t results_expected_;
  bool accepted_ = false;
  bool ended_ = false;
  std::size_t unread_bytes_ = 0;
  std::unique_ptr<dialects::StreamDecoder> decoder_ = dialects::openai_codec().stream_decoder();
  std::deque<dialects::StreamEvent> events_;
  std::optional<Error> error_;
  std::optional<VectorsBody> vectors_;
  std::optional<ScoresBody> scores_;
  std::optional<std::uint32_t> number_;
  FinishBody finish_;
};

}  // namespace bastide::models::local
