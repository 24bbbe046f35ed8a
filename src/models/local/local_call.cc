#include "models/local/local_call.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace bastide::models::local {
namespace {

using Kind = exchange::ModelEvent::Kind;

exchange::Finish finish_of(FinishReason reason) {
  switch (reason) {
    case FinishReason::length:
      return exchange::Finish::length;
    case FinishReason::tool_calls:
      return exchange::Finish::tool_calls;
    case FinishReason::cancelled:
      return exchange::Finish::cancelled;
    default:
      return exchange::Finish::stop;
  }
}

Error protocol_error() {
  return {Code::upstream, "The model's process sent something that makes no sense.", "worker_protocol",
          "Try again."};
}

}  // namespace

bool LocalCall::take(const Frame& frame) {
  bool open = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    if (!take_locked(frame)) error_ = protocol_error();
    if (unread_bytes_ > unread_max_bytes)
      error_ = Error{Code::upstream, "The answer is longer than any context.", "answer_too_long"};
    if (error_) ended_ = true;
    open = !ended_;
  }
  bell_.ring();
  counted_.notify_all();
  return open;
}

bool LocalCall::take_locked(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::accepted:
      accepted_ = true;
      return true;
    case FrameKind::text:
      add({Kind::text, to_valid_utf8(frame.body), {}, {}});
      return true;
    case FrameKind::reasoning:
      add({Kind::reasoning, to_valid_utf8(frame.body), {}, {}});
      return true;
    case FrameKind::tool_calls: {
      const auto json = parse_json(frame.body);
      if (!json || !json->is_array()) return false;
      add({Kind::tool_calls, frame.body, {}, {}});
      return true;
    }
    case FrameKind::finish: {
      const auto body = decode_finish(frame.body);
      if (!body) return false;
      exchange::ModelEvent event{Kind::finish, {}, finish_of(body->reason), {}};
      event.usage.input_tokens = body->input_tokens;
      event.usage.output_tokens = body->output_tokens;
      event.usage.cached_input_tokens = body->cached_tokens;
      add(std::move(event));
      ended_ = true;
      return true;
    }
    case FrameKind::error:
      error_ = decode_error(frame.body);
      return true;
    case FrameKind::vectors: {
      auto vectors = decode_vectors(frame.body, vectors_expected_);
      if (!vectors) return false;
      vectors_ = std::move(*vectors);
      ended_ = true;
      return true;
    }
    case FrameKind::counted: {
      const auto number = decode_number(frame.body);
      if (!number) return false;
      number_ = *number;
      ended_ = true;
      return true;
    }
    default:
      return false;
  }
}

void LocalCall::add(exchange::ModelEvent event) {
  unread_bytes_ += event.text.size();
  if (!events_.empty() && event.kind != Kind::finish && event.kind != Kind::tool_calls &&
      events_.back().kind == event.kind) {
    events_.back().text += event.text;
    return;
  }
  events_.push_back(std::move(event));
}

void LocalCall::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    error_ = std::move(error);
  }
  bell_.ring();
  counted_.notify_all();
}

Task<Result<void>> LocalCall::accepted() {
  while (true) {
    const auto seen = bell_.count();
    {
      const std::lock_guard lock(mutex_);
      if (accepted_) co_return Result<void>();
      if (error_) co_return std::unexpected(*error_);
    }
    co_await bell_.wait(seen);
  }
}

Task<Result<exchange::ModelEvent>> LocalCall::next() {
  while (true) {
    const auto seen = bell_.count();
    {
      const std::lock_guard lock(mutex_);
      if (!events_.empty()) {
        exchange::ModelEvent event = std::move(events_.front());
        events_.pop_front();
        unread_bytes_ -= event.text.size();
        co_return event;
      }
      if (error_) co_return std::unexpected(*error_);
      if (ended_) co_return bastide::fail(Code::internal, "The answer has ended already.");
    }
    co_await bell_.wait(seen);
  }
}

Task<Result<std::vector<std::vector<float>>>> LocalCall::vectors() {
  while (true) {
    const auto seen = bell_.count();
    {
      const std::lock_guard lock(mutex_);
      if (vectors_) co_return std::move(*vectors_);
      if (error_) co_return std::unexpected(*error_);
    }
    co_await bell_.wait(seen);
  }
}

std::optional<std::uint32_t> LocalCall::number_within(Micros patience) {
  std::unique_lock lock(mutex_);
  counted_.wait_for(lock, patience, [&] { return ended_; });
  return number_;
}

bool LocalCall::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

}  // namespace bastide::models::local
