#include "models/local/local_call.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "exchange/queue_place.h"

namespace bastide::models::local {
namespace {

/// What was not read yet counts by its text.
std::string* text_of(dialects::StreamEvent& event) {
  if (auto* text = std::get_if<dialects::TextDelta>(&event)) return &text->text;
  if (auto* thought = std::get_if<dialects::ReasoningDelta>(&event)) return &thought->text;
  auto* arguments = std::get_if<dialects::ArgumentsDelta>(&event);
  return arguments ? &arguments->text : nullptr;
}

constexpr std::uint32_t place_max = 1'000'000;

std::string delta(std::string_view name, std::string_view text) {
  JsonWriter json;
  return json.object().field(name, to_valid_utf8(text)).end().take();
}

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
    case FrameKind::queued: {
      const auto queued = decode_queued(frame.body);
      if (!queued) return false;
      place(*queued);
      return true;
    }
    case FrameKind::text:
      return take_delta(delta("content", frame.body));
    case FrameKind::reasoning:
      return take_delta(delta("reasoning_content", frame.body));
    case FrameKind::tool_calls: {
      const auto json = parse_json(frame.body);
      return json && json->is_array() && take_delta(R"({"tool_calls":)" + frame.body + "}");
    }
    case FrameKind::logprobs: {
      const auto json = parse_json(frame.body);
      return json && json->is_array() && take_delta("{}", R"("logprobs":{"content":)" + frame.body + "}");
    }
    case FrameKind::finish: {
      const auto body = decode_finish(frame.body);
      if (!body) return false;
      finish(*body);
      ended_ = true;
      return true;
    }
    case FrameKind::error:
      error_ = decode_error(frame.body);
      return true;
    case FrameKind::vectors: {
      auto vectors = decode_vectors(frame.body, results_expected_);
      if (!vectors) return false;
      vectors_ = std::move(*vectors);
      ended_ = true;
      return true;
    }
    case FrameKind::scores: {
      auto scores = decode_scores(frame.body, results_expected_);
      if (!scores) return false;
      scores_ = std::move(*scores);
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

bool LocalCall::take_delta(std::string_view delta_json, std::string_view more) {
  std::vector<dialects::StreamEvent> events;
  std::string chunk = R"({"model":"local","choices":[{"index":0,"delta":)" + std::string(delta_json);
  if (!more.empty()) chunk.append(",").append(more);
  chunk += "}]}";
  if (!decoder_->feed({}, chunk, events)) return false;
  for (auto& event : events) add(std::move(event));
  return true;
}

void LocalCall::finish(const FinishBody& body) {
  finish_ = body;
  std::vector<dialects::StreamEvent> events;
  (void)decoder_->feed({}, R"({"model":"local","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
                       events);
  (void)decoder_->feed({}, "[DONE]", events);
  for (auto& event : events) {
    if (auto* finished = std::get_if<dialects::Finished>(&event)) finished->finish = finish_of(body.reason);
    if (std::holds_alternative<dialects::End>(event)) {
      dialects::UsageGiven given;
      given.usage.input = body.input_tokens;
      given.usage.output = body.output_tokens;
      given.usage.cache_read = body.cached_tokens;
      add(given);
    }
    add(std::move(event));
  }
}

/// The latest place only: a reader that sleeps does not need those between.
void LocalCall::place(const QueuedBody& queued) {
  auto event = exchange::event_of({static_cast<int>(std::min(queued.place, place_max)), queued.wait_s});
  if (!events_.empty() && exchange::queue_place_of(events_.back()))
    events_.back() = std::move(event);
  else
    events_.push_back(std::move(event));
}

void LocalCall::add(dialects::StreamEvent event) {
  auto* text = text_of(event);
  if (text != nullptr) {
    unread_bytes_ += text->size();
    if (!events_.empty() && events_.back().index() == event.index()) {
      *text_of(events_.back()) += *text;
      return;
    }
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

Task<Result<dialects::StreamEvent>> LocalCall::next() {
  while (true) {
    const auto seen = bell_.count();
    {
      const std::lock_guard lock(mutex_);
      if (!events_.empty()) {
        dialects::StreamEvent event = std::move(events_.front());
        events_.pop_front();
        if (const auto* text = text_of(event)) unread_bytes_ -= text->size();
        co_return event;
      }
      if (error_) co_return std::unexpected(*error_);
      if (ended_) co_return bastide::fail(Code::internal, "The answer has ended already.");
    }
    co_await bell_.wait(seen);
  }
}

Task<Result<VectorsBody>> LocalCall::vectors() {
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

Task<Result<ScoresBody>> LocalCall::scores() {
  while (true) {
    const auto seen = bell_.count();
    {
      const std::lock_guard lock(mutex_);
      if (scores_) co_return std::move(*scores_);
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

FinishBody LocalCall::finished() const {
  const std::lock_guard lock(mutex_);
  return finish_;
}

}  // namespace bastide::models::local
