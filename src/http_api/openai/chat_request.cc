#include "http_api/openai/chat_request.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "http_api/call.h"

namespace bastide::http_api {
namespace {

using nlohmann::json;

constexpr std::size_t messages_max = 2000;

std::unexpected<Error> wrong(const std::string& field, const std::string& expected) {
  return fail(Code::invalid, "\"" + field + "\" must be " + expected + ".", "invalid_" + field);
}

Result<exchange::Speaker> speaker_of(const json& message) {
  auto role = message.value("role", json(""));
  if (role == "user") return exchange::Speaker::user;
  if (role == "assistant") return exchange::Speaker::assistant;
  if (role == "system" || role == "developer") return exchange::Speaker::system;
  if (role == "tool" || role == "function") return exchange::Speaker::tool;
  return wrong("messages", "a list whose roles are system, developer, user, assistant or tool");
}

// Text is what guard, search and citations read; whatever else a message holds travels beside it.
Result<exchange::Message> message_of(const json& given) {
  if (!given.is_object()) return wrong("messages", "a list of objects");
  auto speaker = speaker_of(given);
  if (!speaker) return pass(speaker);
  exchange::Message out;
  out.speaker = *speaker;
  bool only_text = true;
  if (auto content = given.find("content"); content != given.end() && !content->is_null()) {
    if (content->is_string()) {
      out.text = content->get<std::string>();
    } else if (content->is_array()) {
      for (const auto& part : *content) {
        if (!part.is_object()) return wrong("content", "a text or a list of parts");
        if (part.value("type", json("")) == "text" && part.contains("text") && part["text"].is_string()) {
          if (!out.text.empty()) out.text += "\n";
          out.text += part["text"].get<std::string>();
        } else {
          only_text = false;
        }
      }
    } else {
      return wrong("content", "a text or a list of parts");
    }
  }
  for (const auto& [key, value] : given.items())
    if (key != "role" && key != "content" && !value.is_null()) only_text = false;
  if (!only_text) out.openai_json = given.dump();
  return out;
}

template <class T>
Result<std::optional<T>> number(const json& body, const char* name, double low, double high) {
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::optional<T>{};
  if (!found->is_number() || found->get<double>() < low || found->get<double>() > high)
    return wrong(name, "a number from " + json(low).dump() + " to " + json(high).dump());
  return found->get<T>();
}

Result<void> read_bastide(const json& body, exchange::Ask& ask) {
  auto found = body.find("bastide");
  if (found == body.end() || found->is_null()) return {};
  if (!found->is_object()) return wrong("bastide", "an object");
  auto collections = text_list(*found, "collections");
  if (!collections) return pass(collections);
  ask.collections = std::move(*collections);
  auto label = maybe_text(*found, "label");
  if (!label) return pass(label);
  if (*label && !(*label)->empty()) ask.label = std::move(*label);
  ask.quote_only = found->value("quote_only", json(false)) == true;
  if (found->contains("assistant") && !(*found)["assistant"].is_null())
    return fail(Code::not_found, "There is no such assistant.", "no_assistant");
  return {};
}

Result<void> read_sampling(const json& body, exchange::Ask& ask) {
  auto tokens = number<std::int64_t>(body, "max_completion_tokens", 1, 1e7);
  if (!tokens) return pass(tokens);
  if (!*tokens) tokens = number<std::int64_t>(body, "max_tokens", 1, 1e7);
  if (!tokens) return pass(tokens);
  ask.max_tokens = tokens->value_or(0);
  auto temperature = number<double>(body, "temperature", 0, 2);
  if (!temperature) return pass(temperature);
  ask.temperature = *temperature;
  auto top_p = number<double>(body, "top_p", 0, 1);
  if (!top_p) return pass(top_p);
  ask.top_p = *top_p;
  auto seed = number<std::int64_t>(body, "seed", -9e18, 9e18);
  if (!seed) return pass(seed);
  ask.seed = *seed;
  if (auto stop = body.find("stop"); stop != body.end() && !stop->is_null()) {
    if (stop->is_string()) {
      ask.stop_words.push_back(stop->get<std::string>());
    } else {
      auto words = text_list(body, "stop");
      if (!words || words->size() > 16) return wrong("stop", "a text or a list of at most 16 texts");
      ask.stop_words = std::move(*words);
    }
  }
  return {};
}
}  // namespace

Result<ChatRequest> parse_chat_request(const json& body) {
  ChatRequest out;
  out.ask.door = "openai";
  auto model = text_field(body, "model");
  if (!model) return pass(model);
  out.ask.model = std::move(*model);
  auto messages = body.find("messages");
  if (messages == body.end() || !messages->is_array() || messages->empty() || messages->size() > messages_max)
    return wrong("messages", "a list of 1 to 2,000 messages");
  for (const auto& given : *messages) {
    auto message = message_of(given);
    if (!message) return pass(message);
    out.ask.messages.push_back(std::move(*message));
  }
  out.stream = body.value("stream", json(false)) == true;
  if (auto options = body.find("stream_options"); options != body.end() && options->is_object())
    out.include_usage = options->value("include_usage", json(false)) == true;
  if (auto n = body.find("n"); n != body.end() && *n != 1 && !n->is_null())
    return wrong("n", "1: ask again for another answer");
  auto read = read_sampling(body, out.ask);
  if (read) read = read_bastide(body, out.ask);
  if (!read) return pass(read);

  constexpr std::array ours = {
      "model",       "messages", "stream", "stream_options", "n",      "max_tokens", "max_completion_tokens",
      "temperature", "top_p",    "seed",   "stop",           "bastide"};
  json extra = json::object();
  for (const auto& [key, value] : body.items())
    if (std::ranges::find(ours, key) == ours.end()) extra[key] = value;
  if (!extra.empty()) out.ask.extra_json = extra.dump();
  return out;
}

}  // namespace bastide::http_api
