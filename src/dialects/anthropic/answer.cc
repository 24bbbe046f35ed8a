// Whole answers, usage and stop reasons.
#include <array>

#include "dialects/anthropic/anthropic.h"
#include "dialects/usage.h"

namespace bastide::dialects::anthropic {
namespace {

using detail::array_at;
using detail::as_object;
using detail::at;
using detail::object_at;
using detail::text;

constexpr auto own = Dialect::anthropic;

constexpr std::array<std::pair<std::string_view, Finish>, 7> stops{
    {{"end_turn", Finish::stop},
     {"stop_sequence", Finish::stop_sequence},
     {"max_tokens", Finish::length},
     {"tool_use", Finish::tool_calls},
     {"refusal", Finish::refusal},
     {"pause_turn", Finish::pause},
     {"model_context_window_exceeded", Finish::context_length}}};

}  // namespace

Finish read_stop(std::string_view stop_reason) {
  for (const auto& [word, finish] : stops)
    if (word == stop_reason) return finish;
  return stop_reason.empty() ? Finish::stop : Finish::other;
}

std::string_view write_stop(Finish finish) {
  if (finish == Finish::filter) return "refusal";
  for (const auto& [word, each] : stops)
    if (each == finish) return word;
  return "end_turn";
}

Result<ChatAnswer> read_answer(std::string_view body) {
  detail::JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return detail::not_of_dialect("anthropic");
  if (text(*root, "type") == "error") return std::unexpected(read_error(0, *root, 0));
  const auto content = array_at(*root, "content");
  if (!content || text(*root, "type") != "message") return detail::not_of_dialect("anthropic");
  ChatAnswer out;
  out.from = own;
  out.id = text(*root, "id");
  out.model = text(*root, "model");
  Choice choice;
  std::size_t index = 0;
  for (const auto each : *content) {
    const auto block = as_object(each);
    if (!block) return detail::not_of_dialect("anthropic");
    auto part = read_block(*block, at("content", index++));
    if (!part) return detail::not_of_dialect("anthropic");
    choice.parts.push_back(std::move(*part));
  }
  const auto reason = text(*root, "stop_reason");
  choice.finish = read_stop(reason);
  if (choice.finish == Finish::other)
    choice.finish_raw = {own, "stop_reason", '"' + detail::plain_word(reason) + '"'};
  choice.stop_sequence = text(*root, "stop_sequence");
  out.choices.push_back(std::move(choice));
  if (const auto usage = object_at(*root, "usage")) {
    Others others;
    out.usage = detail::read_usage(own, *usage, &others);
    out.usage->others = std::move(others);
    out.service_tier = text(*usage, "service_tier");
  }
  if (const auto ours = object_at(*root, "bastide")) out.bastide_json = simdjson::minify(*ours);
  detail::keep_others(
      *root, {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage", "bastide"},
      own, out.others);
  return out;
}

std::string write_answer(const ChatAnswer& answer, Losses& losses) {
  const BlockContext context{Reader::client, true, losses};
  JsonWriter json;
  json.object()
      .field("id", answer.id.starts_with("msg_") ? answer.id : "msg_" + answer.id)
      .field("type", "message")
      .field("role", "assistant")
      .field("model", answer.model)
      .key("content")
      .array();
  if (answer.choices.size() > 1) lose(losses, "choices", "The dialect holds one answer: the first is given.");
  const Choice none;
  const auto& choice = answer.choices.empty() ? none : answer.choices.front();
  for (std::size_t i = 0; i < choice.parts.size(); ++i) {
    const auto& part = choice.parts[i];
    const bool carries = !part.signature.empty() && !std::holds_alternative<Reasoning>(part.content);
    if (carries) json.raw(proof_block(part.signature));
    const auto block = write_block(part, at("content", i), context);
    if (!block.empty()) json.raw(block);
  }
  json.end();
  if (choice.logprobs) lose(losses, "logprobs", "The dialect does not tell probabilities.");
  const auto finish = choice.finish;
  json.key("stop_reason");
  if (finish == Finish::other && choice.finish_raw.from == own && !choice.finish_raw.json.empty())
    json.raw(choice.finish_raw.json);
  else
    json.value(write_stop(finish));
  json.key("stop_sequence");
  choice.stop_sequence.empty() ? json.null() : json.value(choice.stop_sequence);
  json.key("usage");
  detail::write_usage(json, own, answer.usage.value_or(Usage{}));
  for (const auto& field : answer.others)
    if (field.from == own) json.key(field.name).raw(field.json);
  if (!answer.bastide_json.empty()) json.key("bastide").raw(answer.bastide_json);
  return json.end().take();
}

std::string proof_block(std::string_view signature) {
  JsonWriter json;
  return json.object()
      .field("type", "thinking")
      .field("thinking", "")
      .field("signature", signature_for_client(own, signature))
      .end()
      .take();
}

}  // namespace bastide::dialects::anthropic
