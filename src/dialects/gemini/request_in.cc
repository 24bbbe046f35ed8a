// The body of generateContent, read.
#include <algorithm>

#include "base/text.h"
#include "dialects/gemini/gemini.h"

namespace bastide::dialects::gemini {
namespace {

using detail::at;
using detail::under;
using detail::wrong;

constexpr std::size_t contents_max = 10'000;
constexpr std::int64_t tokens_max = 10'000'000;

Result<std::vector<Part>> read_parts(const object& content, const std::string& path) {
  std::vector<Part> out;
  const auto list = array_field(content, "parts");
  if (!list) return wrong(under(path, "parts"), "a list of parts");
  std::size_t index = 0;
  for (const auto each : *list) {
    const auto here = at(under(path, "parts"), index++);
    const auto part = detail::as_object(each);
    if (!part) return wrong(here, "an object");
    auto read = read_part(*part, here, here);
    if (!read) return pass(read);
    out.push_back(std::move(*read));
  }
  return out;
}

/// Responses without an id answer the open calls of their name in turn.
void meet_calls(std::vector<Part>& responses, std::vector<ToolCall>& open) {
  for (auto& part : responses) {
    auto* result = std::get_if<ToolResult>(&part.content);
    if (!result) continue;
    const auto meets = [&](const ToolCall& call) {
      return result->call_id.empty() ? call.name == result->name : call.id == result->call_id;
    };
    const auto found = std::ranges::find_if(open, meets);
    if (found == open.end()) continue;
    result->call_id = found->id;
    open.erase(found);
  }
}

Result<void> read_contents(const object& body, ChatRequest& request) {
  const auto list = array_field(body, "contents");
  if (!list || list->size() == 0 || list->size() > contents_max)
    return wrong("contents", "a list of 1 to 10,000 contents");
  std::vector<ToolCall> open;
  std::size_t index = 0;
  for (const auto each : *list) {
    const auto path = at("contents", index++);
    const auto content = detail::as_object(each);
    if (!content) return wrong(path, "an object");
    const auto role = text_field(*content, "role");
    if (!role.empty() && role != "user" && role != "model" && role != "function")
      return wrong(under(path, "role"), "user or model");
    auto parts = read_parts(*content, path);
    if (!parts) return pass(parts);
    if (role == "model") {
      open.clear();
      for (const auto& part : *parts)
        if (const auto* call = std::get_if<ToolCall>(&part.content)) open.push_back(*call);
      request.messages.push_back({.role = Role::assistant, .parts = std::move(*parts)});
      continue;
    }
    meet_calls(*parts, open);
    Message results{.role = Role::tool};
    Message words{.role = Role::user};
    for (auto& part : *parts)
      (std::holds_alternative<ToolResult>(part.content) ? results : words).parts.push_back(std::move(part));
    if (!results.parts.empty()) request.messages.push_back(std::move(results));
    if (!words.parts.empty()) request.messages.push_back(std::move(words));
  }
  if (request.messages.empty()) return wrong("contents", "a list of contents with parts");
  if (request.messages.back().role == Role::assistant) request.messages.back().prefix = true;
  return {};
}

Result<void> read_system(const object& body, ChatRequest& request) {
  const auto given = field(body, "systemInstruction");
  if (!given) return {};
  Message message{.role = Role::system};
  if (const auto plain = detail::as_text(*given)) {
    message.parts.push_back(text_part(std::string(*plain)));
  } else {
    const auto content = detail::as_object(*given);
    if (!content) return wrong("systemInstruction", "a content");
    auto parts = read_parts(*content, "systemInstruction");
    if (!parts) return pass(parts);
    message.parts = std::move(*parts);
  }
  if (!message.parts.empty()) request.messages.push_back(std::move(message));
  return {};
}

Result<void> read_function(element given, const std::string& path, ChatRequest& request) {
  const auto function = detail::as_object(given);
  if (!function) return wrong(path, "an object");
  Tool tool;
  tool.name = text_field(*function, "name");
  if (tool.name.empty()) return wrong(under(path, "name"), "the function's name");
  tool.description = text_field(*function, "description");
  if (const auto schema = object_field(*function, "parametersJsonSchema"))
    tool.schema_json = simdjson::minify(*schema);
  else if (const auto own_words = object_field(*function, "parameters"))
    tool.schema_json = json_schema_of(*own_words);
  keep_others(*function, {"name", "description", "parameters", "parametersJsonSchema"}, tool.others);
  request.tools.push_back(std::move(tool));
  return {};
}

Result<void> read_tools(const object& body, ChatRequest& request) {
  const auto given = field(body, "tools");
  if (!given) return {};
  const auto list = detail::as_array(*given);
  if (!list) return wrong("tools", "a list of tools");
  std::size_t index = 0;
  for (const auto each : *list) {
    const auto path = at("tools", index++);
    const auto tool = detail::as_object(each);
    if (!tool) return wrong(path, "an object");
    for (const auto [key, value] : *tool) {
      const auto name = camel(key);
      if (name != "functionDeclarations") {
        JsonWriter json;
        request.server_tools.push_back(
            {own, name, json.object().key(name).raw(detail::raw(value)).end().take()});
        continue;
      }
      const auto functions = detail::as_array(value);
      if (!functions) return wrong(under(path, name), "a list of functions");
      std::size_t number = 0;
      for (const auto function : *functions)
        if (auto read = read_function(function, at(under(path, name), number++), request); !read) return read;
    }
  }
  return {};
}

Result<void> read_choice(const object& body, ChatRequest& request) {
  using Mode = ToolChoice::Mode;
  const auto config = object_field(body, "toolConfig");
  if (!config) return {};
  auto& out = request.tool_choice;
  const auto calling = object_field(*config, "functionCallingConfig");
  const auto mode = calling ? text_field(*calling, "mode") : std::string_view{};
  if (mode == "ANY")
    out.mode = Mode::required;
  else if (mode == "NONE")
    out.mode = Mode::none;
  else if (!mode.empty())
    out.mode = Mode::automatic;
  if (calling)
    if (const auto names = array_field(*calling, "allowedFunctionNames"))
      for (const auto name : *names)
        out.names.emplace_back(detail::as_text(name).value_or(std::string_view{}));
  if (out.mode == Mode::required && out.names.size() == 1) out.mode = Mode::named;
  const bool further = mode == "VALIDATED" || config->size() > (calling ? 1U : 0U) ||
                       (calling && field(*calling, "streamFunctionCallArguments"));
  if (further) request.others.push_back({own, "toolConfig", simdjson::minify(*config)});
  return {};
}

Result<void> read_thinking(const object& config, ReasoningOptions& out) {
  const auto thinking = object_field(config, "thinkingConfig");
  if (!thinking) return {};
  if (const auto shown = field(*thinking, "includeThoughts")) out.include_thoughts = detail::as_flag(*shown);
  if (const auto budget = field(*thinking, "thinkingBudget")) {
    out.budget_tokens = detail::as_integer(*budget);
    if (!out.budget_tokens || *out.budget_tokens < -1 || *out.budget_tokens > tokens_max)
      return wrong("generationConfig.thinkingConfig.thinkingBudget", "a number of tokens, or -1");
    out.mode = *out.budget_tokens == 0 ? ReasoningOptions::Mode::off : ReasoningOptions::Mode::on;
  }
  out.effort = ascii_lower(text_field(*thinking, "thinkingLevel"));
  keep_others(*thinking, {"includeThoughts", "thinkingBudget", "thinkingLevel"}, out.others,
              "generationConfig.thinkingConfig.");
  return {};
}

Result<void> read_number(const object& config, std::string_view name, double low, double high,
                         std::optional<double>& out) {
  const auto given = field(config, name);
  if (!given) return {};
  out = detail::as_real(*given);
  if (!out || *out < low || *out > high)
    return wrong("generationConfig." + std::string(name), "a number within its bounds");
  return {};
}

Result<void> read_count(const object& config, std::string_view name, std::int64_t low, std::int64_t high,
                        std::optional<std::int64_t>& out) {
  const auto given = field(config, name);
  if (!given) return {};
  out = detail::as_integer(*given);
  if (!out || *out < low || *out > high)
    return wrong("generationConfig." + std::string(name), "a whole number within its bounds");
  return {};
}

Result<void> read_config(const object& body, ChatRequest& request) {
  const auto config = object_field(body, "generationConfig");
  if (!config) return {};
  auto& out = request.sampling;
  auto read = read_number(*config, "temperature", 0, 2, out.temperature);
  if (read) read = read_number(*config, "topP", 0, 1, out.top_p);
  if (read) read = read_number(*config, "presencePenalty", -2, 2, out.presence_penalty);
  if (read) read = read_number(*config, "frequencyPenalty", -2, 2, out.frequency_penalty);
  if (read) read = read_count(*config, "topK", 0, 1'000'000, out.top_k);
  if (read) read = read_count(*config, "maxOutputTokens", 1, tokens_max, out.max_tokens);
  if (read) read = read_count(*config, "candidateCount", 1, 8, out.n);
  if (read) read = read_count(*config, "seed", INT64_MIN, INT64_MAX, out.seed);
  if (read) read = read_count(*config, "logprobs", 0, 20, out.top_logprobs);
  if (read) read = read_thinking(*config, request.reasoning);
  if (!read) return read;
  if (const auto wanted = field(*config, "responseLogprobs")) out.logprobs = detail::as_flag(*wanted);
  if (const auto words = array_field(*config, "stopSequences"))
    for (const auto word : *words) out.stop.emplace_back(detail::as_text(word).value_or(std::string_view{}));
  const auto type = text_field(*config, "responseMimeType");
  if (type == "application/json") request.output.kind = OutputFormat::Kind::json_object;
  const auto schema = object_field(*config, "responseJsonSchema");
  const auto own_words = object_field(*config, "responseSchema");
  if (schema || own_words) {
    request.output.kind = OutputFormat::Kind::json_schema;
    request.output.schema_json = schema ? simdjson::minify(*schema) : json_schema_of(*own_words);
  }
  keep_others(*config,
              {"temperature", "topP", "topK", "presencePenalty", "frequencyPenalty", "maxOutputTokens",
               "candidateCount", "seed", "logprobs", "responseLogprobs", "stopSequences", "thinkingConfig",
               "responseSchema", "responseJsonSchema"},
              request.others, "generationConfig.");
  const bool plain_type = type == "application/json" || type == "text/plain";
  std::erase_if(request.others, [&](const RawField& each) {
    return plain_type && each.name == "generationConfig.responseMimeType";
  });
  return {};
}

}  // namespace

Result<ChatRequest> read_request(std::string_view body_text, const RequestPath& path) {
  detail::JsonIn in;
  auto body = in.object_of(body_text);
  if (!body) return pass(body);
  ChatRequest out;
  out.from = own;
  out.model = path.model;
  out.stream = path.stream;
  auto read = read_system(*body, out);
  if (read) read = read_contents(*body, out);
  if (read) read = read_tools(*body, out);
  if (read) read = read_choice(*body, out);
  if (read) read = read_config(*body, out);
  if (read) read = detail::read_bastide(*body, out);
  if (!read) return pass(read);
  if (const auto safety = array_field(*body, "safetySettings"))
    out.safety_settings_json = simdjson::minify(*safety);
  keep_others(*body,
              {"model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig",
               "safetySettings", "bastide"},
              out.others);
  return out;
}

}  // namespace bastide::dialects::gemini
