// Neutral parts as items of responses.
#include <fmt/format.h>

#include "dialects/responses/responses.h"

namespace bastide::dialects::responses {
namespace {

void write_text(JsonWriter& json, const Text& text, const Logprobs* logprobs, Losses& losses) {
  json.object().field("type", "output_text").field("text", text.text).key("annotations").array();
  for (const auto& citation : text.citations) write_annotation(json, citation, losses);
  json.end();
  if (logprobs) {
    json.key("logprobs");
    write_openai_tokens(json, logprobs->content);
  }
  json.end();
}

void write_message(JsonWriter& json, const Part& part, const std::string& id, const Logprobs* logprobs,
                   Losses& losses) {
  json.object()
      .field("type", "message")
      .field("id", id)
      .field("status", "completed")
      .field("role", "assistant");
  put_others(json, part.others, self);
  json.key("content").array();
  if (const auto* text = std::get_if<Text>(&part.content)) write_text(json, *text, logprobs, losses);
  if (const auto* refusal = std::get_if<Refusal>(&part.content))
    json.object().field("type", "refusal").field("refusal", refusal->text).end();
  json.end().end();
}

void write_call(JsonWriter& json, const Part& part, const ToolCall& call, const std::string& id) {
  const bool custom = call.kind == ToolCall::Kind::custom;
  json.object().field("type", custom ? "custom_tool_call" : "function_call").field("id", id);
  json.field("call_id", call.id).field("name", call.name);
  json.field(custom ? "input" : "arguments", arguments_of(call));
  json.field("status", "completed");
  if (!part.signature.empty())
    json.key("extra_content")
        .object()
        .key("google")
        .object()
        .field("thought_signature", part.signature)
        .end()
        .end();
  put_others(json, part.others, self);
  json.end();
}

void write_reasoning(JsonWriter& json, const Part& part, const Reasoning& reasoning, const std::string& id) {
  json.object().field("type", "reasoning").field("id", id).key("summary").array();
  for (const auto& summary : reasoning.summaries)
    json.object().field("type", "summary_text").field("text", summary).end();
  json.end();
  if (!reasoning.text.empty())
    json.key("content")
        .array()
        .object()
        .field("type", "reasoning_text")
        .field("text", reasoning.text)
        .end()
        .end();
  // Another provider's proof travels where this dialect's clients give back what is sealed.
  const auto& sealed = reasoning.encrypted.empty() ? part.signature : reasoning.encrypted;
  if (!sealed.empty()) json.field("encrypted_content", sealed);
  put_others(json, part.others, self);
  json.end();
}

}  // namespace

std::string item_id(const Part& part, std::string_view id, std::size_t index) {
  if (!part.id.empty()) return part.id;
  const auto* prefix = std::holds_alternative<ToolCall>(part.content)    ? "fc"
                       : std::holds_alternative<Reasoning>(part.content) ? "rs"
                                                                         : "msg";
  return fmt::format("{}_{}_{}", prefix, id, index);
}

void write_annotation(JsonWriter& json, const Citation& citation, Losses& losses) {
  if (citation.raw.from == self && !citation.raw.json.empty()) {
    json.raw(citation.raw.json);
  } else if (!citation.url.empty()) {
    json.object().field("type", "url_citation").field("url", citation.url).field("title", citation.title);
    json.field("start_index", std::max<std::int64_t>(0, citation.start));
    json.field("end_index", std::max<std::int64_t>(0, citation.end)).end();
  } else {
    lose(losses, "citations", "A citation without an address has no place in responses.");
  }
}

void write_item(JsonWriter& json, const Part& part, std::string_view id, std::size_t index, Losses& losses,
                const Logprobs* logprobs) {
  const auto own = item_id(part, id, index);
  std::visit(
      Overloaded{[&](const Text&) { write_message(json, part, own, logprobs, losses); },
                 [&](const Refusal&) { write_message(json, part, own, nullptr, losses); },
                 [&](const ToolCall& call) { write_call(json, part, call, own); },
                 [&](const Reasoning& reasoning) { write_reasoning(json, part, reasoning, own); },
                 [&](const Raw& raw) {
                   if (raw.from == self)
                     json.raw(raw.json);
                   else
                     lose(losses, "output",
                          "A step of a tool of the provider (" + plain_word(raw.type) + ") is left out.");
                 },
                 [&](const auto&) {
                   lose(losses, "output", "An image or file of the answer has no place in responses.");
                 }},
      part.content);
}

}  // namespace bastide::dialects::responses
