#include "models/providers/openai_request.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace bastide::models {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 15> decided_here{
    "model",       "messages", "stream", "stream_options", "n",       "max_tokens", "max_completion_tokens",
    "temperature", "top_p",    "seed",   "stop",           "bastide", "n_predict",  "prompt",
    "input"};

std::string_view role(exchange::Speaker speaker) {
  switch (speaker) {
    case exchange::Speaker::system:
      return "system";
    case exchange::Speaker::assistant:
      return "assistant";
    case exchange::Speaker::tool:
      return "tool";
    default:
      return "user";
  }
}

/// The message's own object with its text put in the place of every text in it.
Result<Json> message_json(const exchange::Message& message) {
  Json out = Json::object();
  if (!message.openai_json.empty()) {
    auto given = parse_json(message.openai_json);
    if (!given || !given->is_object())
      return fail(Code::invalid, "A message is not a JSON object.", "bad_request");
    out = std::move(*given);
  }
  Json others = Json::array();
  if (const auto content = out.find("content"); content != out.end() && content->is_array())
    for (auto& part : *content)
      if (part.is_object() && part.value("type", "text") != "text") others.push_back(std::move(part));
  if (!out.contains("role") || !out["role"].is_string()) out["role"] = role(message.speaker);
  const std::string text = to_valid_utf8(message.text);
  if (others.empty()) {
    const bool only_calls = text.empty() && out.contains("tool_calls");
    out["content"] = only_calls ? Json(nullptr) : Json(text);
  } else {
    Json parts = Json::array();
    if (!text.empty()) parts.push_back({{"type", "text"}, {"text", text}});
    for (auto& part : others) parts.push_back(std::move(part));
    out["content"] = std::move(parts);
  }
  return out;
}

Result<void> put_messages(JsonWriter& json, std::span<const exchange::Message> messages) {
  json.key("messages").array();
  for (const auto& message : messages) {
    if (message.openai_json.empty()) {
      json.object().field("role", role(message.speaker)).field("content", message.text).end();
      continue;
    }
    auto object = message_json(message);
    if (!object) return pass(object);
    json.raw(object->dump());
  }
  json.end();
  return {};
}

}  // namespace

Result<std::string> chat_body(const exchange::ModelCall& call, const BodyOptions& options) {
  JsonWriter json;
  json.object();
  if (!options.model.empty()) json.field("model", options.model);
  if (auto put = put_messages(json, call.messages); !put) return pass(put);
  if (call.max_tokens > 0)
    json.field(options.limit == LimitField::max_tokens ? "max_tokens" : "max_completion_tokens",
               call.max_tokens);
  if (call.temperature) json.field("temperature", *call.temperature);
  if (call.top_p) json.field("top_p", *call.top_p);
  if (call.seed) json.field("seed", *call.seed);
  if (!call.stop_words.empty()) {
    json.key("stop").array();
    for (const auto& word : call.stop_words) json.value(word);
    json.end();
  }
  if (!call.extra_json.empty()) {
    const auto extra = parse_json(call.extra_json);
    if (!extra || !extra->is_object())
      return fail(Code::invalid, "The further fields of the call are not a JSON object.", "bad_request");
    for (const auto& [name, value] : extra->items())
      if (std::ranges::find(decided_here, name) == decided_here.end()) json.key(name).raw(value.dump());
  }
  if (options.streams) {
    json.field("stream", true);
    if (options.usage == UsageInStream::ask)
      json.key("stream_options").object().field("include_usage", true).end();
  }
  return json.end().take();
}

Result<std::string> messages_body(std::span<const exchange::Message> messages) {
  JsonWriter json;
  json.object();
  if (auto put = put_messages(json, messages); !put) return pass(put);
  return json.end().take();
}

std::int64_t estimate_tokens(std::size_t code_points) {
  return static_cast<std::int64_t>((code_points + 2) / 3);
}

std::int64_t estimate_tokens(std::span<const exchange::Message> messages) {
  std::size_t code_points = 0;
  for (const auto& message : messages) code_points += count_code_points(message.text);
  return estimate_tokens(code_points);
}

}  // namespace bastide::models
