#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dialects/failure.h"
#include "dialects/responses/responses.h"
#include "dialects/responses_state.h"

namespace bastide::dialects {
namespace {

using namespace detail;
using responses::self;

constexpr std::string_view response_prefix = "resp_";
constexpr std::string_view sealed_word = "reasoning.encrypted_content";

// What a response repeats of its call as it was said.
constexpr std::array<std::string_view, 16> repeated{"instructions",   "max_output_tokens",
                                                    "max_tool_calls", "metadata",
                                                    "prompt",         "prompt_cache_key",
                                                    "reasoning",      "safety_identifier",
                                                    "temperature",    "text",
                                                    "tool_choice",    "tools",
                                                    "top_logprobs",   "top_p",
                                                    "truncation",     "parallel_tool_calls"};

std::string message_of(std::string_view role, std::string_view text) {
  JsonWriter json;
  json.object().field("type", "message").field("role", role).key("content").array().object();
  const bool wrote = role == "assistant";
  json.field("type", wrote ? "output_text" : "input_text").field("text", text);
  if (wrote) json.key("annotations").array().end();
  return json.end().end().end().take();
}

/// A message whose content is a text, or that does not say that it is one, in the long form.
std::string long_form(const object& item) {
  const auto role = text(item, "role");
  const auto type = text(item, "type");
  if (role.empty() || (!type.empty() && type != "message")) return raw(item);
  element content;
  const bool has_content = item["content"].get(content) == simdjson::SUCCESS;
  const auto plain = has_content ? as_text(content) : std::nullopt;
  if (!plain && !type.empty()) return raw(item);
  JsonWriter json;
  json.object().field("type", "message");
  for (const auto [name, value] : item) {
    if (name == "type") continue;
    json.key(name);
    if (name != "content" || !plain) {
      json.raw(raw(value));
      continue;
    }
    const bool wrote = role == "assistant";
    json.array().object().field("type", wrote ? "output_text" : "input_text").field("text", *plain);
    if (wrote) json.key("annotations").array().end();
    json.end().end();
  }
  return json.end().take();
}

Result<void> read_input(element input, ResponsesCall& out) {
  out.items.clear();  // of two fields of a name the last one counts
  out.references.clear();
  if (const auto plain = as_text(input)) {
    out.items.push_back(message_of("user", *plain));
    return {};
  }
  const auto list = as_array(input);
  if (!list || list->size() > messages_max) return wrong("input", "a text or a list of at most 2,000 items");
  for (const auto each : *list) {
    const auto item = as_object(each);
    if (!item) return wrong("input", "a list of objects");
    const auto id = text(*item, "id");
    // OpenAI's own client types call the type optional: an id alone is a reference too.
    const auto type = text(*item, "type");
    const bool is_reference = type == "item_reference" || (type.empty() && item->size() == 1 && !id.empty());
    if (is_reference && id.empty())
      return wrong(fmt::format("input[{}].id", out.items.size()), "the id of an item");
    if (is_reference) out.references.push_back({out.items.size(), std::string(id)});
    out.items.push_back(is_reference ? std::string() : long_form(*item));
  }
  return {};
}

Result<void> read_flag(std::string_view name, element value, bool& into) {
  const auto flag = as_flag(value);
  if (!flag) return wrong(name, "true or false");
  into = *flag;
  return {};
}

Result<void> read_field(std::string_view name, element value, ResponsesCall& out) {
  if (name == "input") return read_input(value, out);
  if (name == "background") return read_flag(name, value, out.background);
  if (name == "stream") return read_flag(name, value, out.stream);
  if (name == "store") return read_flag(name, value, out.store.emplace());
  if (name == "model") out.model = as_text(value).value_or("");
  if (name == "previous_response_id") {
    const auto id = as_text(value);
    if (!id) return wrong(name, "a text");
    out.previous = *id;
  }
  if (name == "conversation") {
    const auto fields = as_object(value);
    out.conversation = fields ? text(*fields, "id") : as_text(value).value_or("");
    if (out.conversation.empty()) return wrong(name, "the id of a conversation, or an object with it");
  }
  if (const auto list = name == "include" ? as_array(value) : std::nullopt)
    for (const auto each : *list)
      if (as_text(each) == sealed_word) out.wants_sealed = true;
  return {};
}

}  // namespace

Result<ResponsesCall> read_responses_call(std::string_view body) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return std::unexpected(root.error());
  ResponsesCall out;
  JsonWriter rest;
  rest.object();
  for (const auto [name, value] : *root) {
    if (!value.is_null())
      if (auto read = read_field(name, value, out); !read) return pass(read);
    if (name == "input" || name == "previous_response_id" || name == "conversation") continue;
    rest.key(name).raw(raw(value));
    if (!value.is_null() && std::ranges::find(repeated, name) != repeated.end())
      out.repeated.push_back({self, std::string(name), raw(value)});
  }
  if (!out.previous.empty() && !out.conversation.empty())
    return wrong("conversation", "left out where previous_response_id says what to go on from");
  out.rest_json = rest.end().take();
  out.rest_json = out.rest_json.substr(1, out.rest_json.size() - 2);
  const auto say = [&](std::string_view name, std::string value) {
    out.repeated.push_back({self, std::string(name), std::move(value)});
  };
  say("background", out.background ? "true" : "false");
  say("previous_response_id", out.previous.empty() ? "null" : JsonWriter().value(out.previous).take());
  if (!out.conversation.empty())
    say("conversation", JsonWriter().object().field("id", out.conversation).end().take());
  return out;
}

std::string json_of_items(std::span<const std::string> items) {
  JsonWriter json;
  json.array();
  for (const auto& item : items) json.raw(item);
  return json.end().take();
}

std::string whole_call(const ResponsesCall& call, std::span<const std::string> earlier) {
  JsonWriter json;
  json.object();
  if (!call.rest_json.empty()) json.fields(call.rest_json);
  json.key("input").array();
  for (const auto& item : earlier) json.raw(item);
  for (const auto& item : call.items) json.raw(item);
  return json.end().end().take();
}

Result<std::vector<std::string>> items_of(std::string_view array_json) {
  JsonIn json;
  const auto root = json.object_of(fmt::format("{{\"items\":{}}}", array_json));
  if (!root) return std::unexpected(root.error());
  std::vector<std::string> out;
  if (const auto list = array_at(*root, "items"))
    for (const auto each : *list) out.push_back(raw(each));
  return out;
}

Result<std::vector<std::string>> output_of(std::string_view response, ItemIds ids) {
  JsonIn json;
  const auto root = json.object_of(response);
  if (!root) return std::unexpected(root.error());
  auto answer = text(*root, "id");
  answer.remove_prefix(std::min(response_prefix.size(), answer.size()));
  std::vector<std::string> out;
  const auto list = array_at(*root, "output");
  if (!list) return not_of_dialect(dialect_name(self));
  for (const auto each : *list) {
    const auto item = as_object(each);
    if (!item) return not_of_dialect(dialect_name(self));
    const auto id = text(*item, "id");
    const bool is_ours = !answer.empty() && id.find(answer) != std::string_view::npos;
    if (ids == ItemIds::all || !is_ours || text(*item, "type") == "reasoning") {
      out.push_back(raw(*item));
      continue;
    }
    JsonWriter without;
    without.object();
    for (const auto [name, value] : *item)
      if (name != "id") without.key(name).raw(raw(value));
    out.push_back(without.end().take());
  }
  return out;
}

Result<std::vector<std::string>> item_ids_of(std::string_view response) {
  JsonIn json;
  const auto root = json.object_of(response);
  if (!root) return std::unexpected(root.error());
  std::vector<std::string> out;
  if (const auto list = array_at(*root, "output"))
    for (const auto each : *list)
      if (const auto item = as_object(each)) out.emplace_back(text(*item, "id"));
  return out;
}

Result<std::string> item_of(std::string_view response, std::string_view id) {
  auto ids = item_ids_of(response);
  if (!ids) return pass(ids);
  auto items = output_of(response, ItemIds::of_providers);
  if (!items) return pass(items);
  const auto found = std::ranges::find(*ids, id);
  if (found == ids->end() || ids->size() != items->size())
    return fail(Code::not_found, "There is no such item.", "no_item");
  return std::move((*items)[static_cast<std::size_t>(found - ids->begin())]);
}

Result<ListedItem> listed_item(std::string_view item_json, std::string_view id_otherwise) {
  JsonIn json;
  const auto item = json.object_of(item_json);
  if (!item) return std::unexpected(item.error());
  if (const auto id = text(*item, "id"); !id.empty()) return ListedItem{std::string(id), raw(*item)};
  const auto type = text(*item, "type");
  const auto* prefix = type == "message" || type.empty()   ? "msg"
                       : type == "reasoning"               ? "rs"
                       : type == "function_call"           ? "fc"
                       : type == "custom_tool_call"        ? "ctc"
                       : type == "function_call_output"    ? "fco"
                       : type == "custom_tool_call_output" ? "ctco"
                                                           : "item";
  ListedItem out{fmt::format("{}_{}", prefix, id_otherwise), {}};
  auto written = item_with_id(item_json, out.id);
  if (!written) return pass(written);
  out.json = std::move(*written);
  return out;
}

std::string_view response_status(const ChatAnswer& answer) {
  return responses::status_of(answer.choices.empty() ? Choice{} : answer.choices[0]);
}

std::string response_id_of(std::string_view answer_id) { return responses::response_id(answer_id); }

std::string response_json(const ChatAnswer& answer, std::string_view status, const Error* error) {
  Losses told;  // what has no place in a response was told when the answer came
  if (status.empty()) status = response_status(answer);
  if (!error) return responses::write_answer(answer, status, told);
  auto failed = answer;
  JsonWriter what;
  what.object().field("code", error->detail.empty() ? std::string(code_name(error->code)) : error->detail);
  what.field("message", sentence_of(*error)).end();
  failed.others.push_back({self, "error", what.take()});
  return responses::write_answer(failed, status, told);
}

std::string response_frame(std::string_view type, std::int64_t number, std::string_view response) {
  JsonWriter json;
  json.object().field("type", type).field("sequence_number", number).key("response").raw(response).end();
  std::string out;
  append_event(out, json.text(), type);
  return out;
}

std::unique_ptr<StreamEncoder> response_encoder(const StreamIdentity& identity, std::int64_t first_number) {
  return responses::make_encoder(identity, first_number);
}

void hide_sealed_reasoning(ChatAnswer& answer) {
  for (auto& choice : answer.choices)
    for (auto& part : choice.parts)
      if (auto* thought = std::get_if<Reasoning>(&part.content)) {
        thought->encrypted.clear();
        part.signature.clear();
      }
}

std::string without_sealed_reasoning(std::string_view given) {
  constexpr std::string_view field = "encrypted_content";
  if (given.find(field) == std::string_view::npos) return std::string(given);
  JsonIn json;
  const auto root = json.object_of(given);
  if (!root) return std::string(given);
  JsonWriter out;
  const auto write = [&out, field](const object& item) {
    const bool is_thought = text(item, "type") == "reasoning";
    out.object();
    for (const auto [name, value] : item)
      if (!is_thought || name != field) out.key(name).raw(raw(value));
    out.end();
  };
  const auto output = array_at(*root, "output");
  if (!output) {
    write(*root);
    return out.take();
  }
  out.object();
  for (const auto [name, value] : *root) {
    out.key(name);
    if (name != "output") {
      out.raw(raw(value));
      continue;
    }
    out.array();
    for (const auto each : *output)
      if (const auto item = as_object(each)) write(*item);
    out.end();
  }
  return out.end().take();
}

}  // namespace bastide::dialects
