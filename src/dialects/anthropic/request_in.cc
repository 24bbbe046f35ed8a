// The body of /v1/messages, read.
#include <fmt/format.h>

#include "dialects/anthropic/anthropic.h"

namespace bastide::dialects::anthropic {
namespace {

using detail::array_at;
using detail::as_array;
using detail::as_object;
using detail::as_text;
using detail::at;
using detail::object_at;
using detail::text;
using detail::under;
using detail::wrong;

constexpr auto own = Dialect::anthropic;
constexpr std::size_t messages_max = 100'000;  // as documented
constexpr std::int64_t tokens_max = 10'000'000;

/// A proof of another dialect that this client carried in a thinking block of its own: it belongs to the part
/// that follows.
bool carries_only_proof(const Part& part) {
  const auto* thought = std::get_if<Reasoning>(&part.content);
  return thought && thought->text.empty() && !part.signature.empty() &&
         signature_for_provider(own, part.signature).empty();
}

Result<std::vector<Part>> read_content(const object& from, const std::string& path) {
  std::vector<Part> out;
  element content;
  if (from["content"].get(content) != simdjson::SUCCESS)
    return wrong(path, "a text or a list of content blocks");
  if (const auto plain = as_text(content)) {
    out.push_back(text_part(std::string(*plain)));
    return out;
  }
  const auto list = as_array(content);
  if (!list) return wrong(path, "a text or a list of content blocks");
  std::string carried;
  std::size_t index = 0;
  for (const auto each : *list) {
    const auto here = at(path, index++);
    const auto block = as_object(each);
    if (!block) return wrong(here, "a content block");
    auto part = read_block(*block, here);
    if (!part) return pass(part);
    if (carries_only_proof(*part)) {
      carried = std::move(part->signature);
      continue;
    }
    if (part->signature.empty()) part->signature = std::exchange(carried, {});
    out.push_back(std::move(*part));
  }
  return out;
}

/// Results of tools stand first in a user's message here; they become a message of their own.
void push_user(std::vector<Part> parts, std::vector<Message>& out) {
  Message results{.role = Role::tool};
  Message words{.role = Role::user};
  for (auto& part : parts) {
    const bool result = std::holds_alternative<ToolResult>(part.content);
    (result ? results : words).parts.push_back(std::move(part));
  }
  if (!results.parts.empty()) out.push_back(std::move(results));
  if (!words.parts.empty()) out.push_back(std::move(words));
}

Result<void> read_messages(const object& body, ChatRequest& request) {
  const auto list = array_at(body, "messages");
  if (!list || list->size() == 0 || list->size() > messages_max)
    return wrong("messages", "a list of 1 to 100,000 messages");
  std::size_t index = 0;
  for (const auto each : *list) {
    const auto path = at("messages", index++);
    const auto given = as_object(each);
    const auto role = given ? text(*given, "role") : std::string_view{};
    if (role != "user" && role != "assistant" && role != "system")
      return wrong(under(path, "role"), "user or assistant");
    auto parts = read_content(*given, under(path, "content"));
    if (!parts) return pass(parts);
    if (role == "user") {
      push_user(std::move(*parts), request.messages);
      continue;
    }
    Message message{.role = role == "system" ? Role::system : Role::assistant};
    message.parts = std::move(*parts);
    request.messages.push_back(std::move(message));
  }
  // What ends with the assistant's words is to be continued.
  auto& last = request.messages.back();
  if (last.role == Role::assistant) last.prefix = true;
  for (auto& message : request.messages)
    for (auto& part : message.parts)
      if (auto* result = std::get_if<ToolResult>(&part.content))
        result->name = detail::name_of_call(request.messages, result->call_id);
  return {};
}

Result<void> read_system(const object& body, ChatRequest& request) {
  element given;
  if (body["system"].get(given) != simdjson::SUCCESS || given.is_null()) return {};
  Message message{.role = Role::system};
  if (const auto plain = as_text(given)) {
    if (!plain->empty()) message.parts.push_back(text_part(std::string(*plain)));
  } else if (const auto list = as_array(given)) {
    std::size_t index = 0;
    for (const auto each : *list) {
      const auto path = at("system", index++);
      const auto block = as_object(each);
      if (!block || text(*block, "type") != "text") return wrong(path, "a text block");
      auto part = read_block(*block, path);
      if (!part) return pass(part);
      message.parts.push_back(std::move(*part));
    }
  } else {
    return wrong("system", "a text or a list of text blocks");
  }
  if (!message.parts.empty()) request.messages.push_back(std::move(message));
  return {};
}

Result<void> read_tools(const object& body, ChatRequest& request) {
  element given;
  if (body["tools"].get(given) != simdjson::SUCCESS || given.is_null()) return {};
  const auto list = as_array(given);
  if (!list) return wrong("tools", "a list of tools");
  std::size_t index = 0;
  for (const auto each : *list) {
    const auto path = at("tools", index++);
    const auto tool = as_object(each);
    if (!tool) return wrong(path, "an object");
    const auto type = text(*tool, "type");
    if (!type.empty() && type != "custom") {
      request.server_tools.push_back({own, std::string(type), detail::raw(each)});
      continue;
    }
    Tool out;
    out.name = text(*tool, "name");
    if (out.name.empty()) return wrong(under(path, "name"), "the tool's name");
    out.description = text(*tool, "description");
    const auto schema = object_at(*tool, "input_schema");
    if (!schema) return wrong(under(path, "input_schema"), "a JSON schema");
    out.schema_json = simdjson::minify(*schema);
    if (auto read = detail::read_flag(*tool, "strict", out.strict); !read) return read;
    out.cache = read_cache(*tool);
    detail::keep_others(*tool, {"type", "name", "description", "input_schema", "strict", "cache_control"},
                        own, out.others);
    request.tools.push_back(std::move(out));
  }
  return {};
}

Result<void> read_choice(const object& body, ToolChoice& out) {
  using Mode = ToolChoice::Mode;
  const auto choice = object_at(body, "tool_choice");
  if (!choice) return {};
  const auto type = text(*choice, "type");
  if (type == "auto") {
    out.mode = Mode::automatic;
  } else if (type == "any") {
    out.mode = Mode::required;
  } else if (type == "none") {
    out.mode = Mode::none;
  } else if (type == "tool") {
    out.mode = Mode::named;
    out.names.emplace_back(text(*choice, "name"));
    if (out.names.front().empty()) return wrong("tool_choice.name", "a tool's name");
  } else {
    return wrong("tool_choice.type", "auto, any, tool or none");
  }
  std::optional<bool> alone;
  if (auto read = detail::read_flag(*choice, "disable_parallel_tool_use", alone); !read) return read;
  if (alone) out.parallel = !*alone;
  return {};
}

Result<void> read_reasoning(const object& body, ChatRequest& request) {
  using Mode = ReasoningOptions::Mode;
  auto& out = request.reasoning;
  if (const auto thinking = object_at(body, "thinking")) {
    const auto type = text(*thinking, "type");
    if (type == "enabled")
      out.mode = Mode::on;
    else if (type == "disabled")
      out.mode = Mode::off;
    else if (type == "adaptive")
      out.mode = Mode::adaptive;
    else
      out.others.push_back({own, "thinking", simdjson::minify(*thinking)});
    if (auto read = detail::read_integer(*thinking, "budget_tokens", 1, tokens_max, out.budget_tokens); !read)
      return read;
    if (out.mode == Mode::on && !out.budget_tokens)
      return wrong("thinking.budget_tokens", "a number of tokens");
    const auto display = text(*thinking, "display");
    if (!display.empty()) out.include_thoughts = display != "omitted";
  }
  auto format = object_at(body, "output_format");
  if (const auto config = object_at(body, "output_config")) {
    out.effort = text(*config, "effort");
    if (const auto within = object_at(*config, "format")) format = within;
    Others more;
    detail::keep_others(*config, {"effort", "format"}, own, more);
    for (auto& field : more) field.name = "output_config." + field.name;
    request.others.insert(request.others.end(), more.begin(), more.end());
  }
  if (!format) return {};
  const auto schema = object_at(*format, "schema");
  if (text(*format, "type") != "json_schema" || !schema)
    return wrong("output_config.format", "of type json_schema, with a schema");
  request.output.kind = OutputFormat::Kind::json_schema;
  request.output.schema_json = simdjson::minify(*schema);
  request.output.strict = true;
  return {};
}

Result<void> read_sampling(const object& body, Sampling& out) {
  auto read = detail::read_real(body, "temperature", 0, 1, out.temperature);
  if (read) read = detail::read_real(body, "top_p", 0, 1, out.top_p);
  if (read) read = detail::read_integer(body, "top_k", 0, 1'000'000, out.top_k);
  if (read) read = detail::read_texts(body, "stop_sequences", 8192, out.stop);
  return read;
}

}  // namespace

Result<ChatRequest> read_request(std::string_view body_text, Body kind) {
  detail::JsonIn json;
  auto body = json.object_of(body_text);
  if (!body) return pass(body);
  ChatRequest out;
  out.from = own;
  out.model = text(*body, "model");
  if (out.model.empty()) return wrong("model", "a model's name");
  auto read = read_system(*body, out);
  if (read) read = read_messages(*body, out);
  if (read) read = read_tools(*body, out);
  if (read) read = read_choice(*body, out.tool_choice);
  if (read) read = read_reasoning(*body, out);
  if (read) read = read_sampling(*body, out.sampling);
  if (read) read = detail::read_bastide(*body, out);
  if (read) read = detail::read_integer(*body, "max_tokens", 0, tokens_max, out.sampling.max_tokens);
  std::optional<bool> stream;
  if (read) read = detail::read_flag(*body, "stream", stream);
  if (!read) return pass(read);
  if (kind == Body::call && !out.sampling.max_tokens)
    return wrong("max_tokens", "a number of tokens: it is required");
  if (out.sampling.max_tokens ==
      0) {  // fills the prompt cache and answers nothing, which no other dialect knows
    out.sampling.max_tokens.reset();
    out.others.push_back({own, "max_tokens", "0"});
  }
  out.stream = stream.value_or(false);
  out.cache = read_cache(*body);
  out.service_tier = text(*body, "service_tier");
  if (const auto metadata = object_at(*body, "metadata")) {
    out.user = text(*metadata, "user_id");
    for (const auto [key, value] : *metadata)
      if (const auto word = as_text(value); word && key != "user_id")
        out.metadata.emplace_back(std::string(key), std::string(*word));
  }
  detail::keep_others(*body,
                      {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config",
                       "output_format", "temperature", "top_p", "top_k", "stop_sequences", "max_tokens",
                       "stream", "cache_control", "service_tier", "metadata", "bastide"},
                      own, out.others);
  return out;
}

}  // namespace bastide::dialects::anthropic
