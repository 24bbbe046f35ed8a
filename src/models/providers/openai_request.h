// Bodies of the OpenAI dialect: what providers and our own workers are told.
#pragma once

#include <span>
#include <string>

#include "exchange/ports.h"

namespace bastide::models {

/// How a server names the limit of an answer: newer OpenAI models refuse max_tokens, most others know nothing
/// else.
enum class LimitField { max_tokens, max_completion_tokens };
enum class UsageInStream { ask, leave };

struct BodyOptions {
  std::string model;  // upstream's name; empty: leave out
  LimitField limit = LimitField::max_tokens;
  UsageInStream usage = UsageInStream::ask;
  bool streams = true;
};

/// A chat completion body. Text always comes from Message::text, which the guard has seen: of
/// Message::openai_json only what text does not carry is kept (images, tool calls, ids). Fields of
/// ModelCall::extra_json that the call itself decides (model, messages, stream, n ...) are dropped.
/// Code::invalid when one of the JSON texts is none.
[[nodiscard]] Result<std::string> chat_body(const exchange::ModelCall& call, const BodyOptions& options);

/// {"messages": [...]} alone, to count tokens with.
[[nodiscard]] Result<std::string> messages_body(std::span<const exchange::Message> messages);

/// Characters / 3, rounded up: what is assumed where nobody counted.
[[nodiscard]] std::int64_t estimate_tokens(std::span<const exchange::Message> messages);
[[nodiscard]] std::int64_t estimate_tokens(std::size_t code_points);

}  // namespace bastide::models
