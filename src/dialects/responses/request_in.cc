// A responses body as a neutral call.
#include "dialects/responses/responses.h"

namespace bastide::dialects::responses {
namespace {

/// Who said the item; nothing for an unknown role.
std::optional<Role> role_of(const object& item) {
  const auto role = text(item, "role");
  if (role == "user") return Role::user;
  if (role == "assistant") return Role::assistant;
  if (role == "system") return Role::system;
  if (role == "developer") return Role::developer;
  if (!role.empty()) return std::nullopt;
  return text(item, "type").ends_with("_output") ? Role::tool : Role::assistant;
}

/// What the model did in one turn, and what its tools gave back, are one message each: other dialects want it
/// so.
bool joins(const std::vector<Message>& messages, Role role) {
  return !messages.empty() && messages.back().role == role && (role == Role::assistant || role == Role::tool);
}

Result<void> read_input(element input, ChatRequest& out) {
  if (const auto plain = as_text(input)) {
    out.messages.push_back(text_message(Role::user, std::string(*plain)));
    return {};
  }
  const auto list = as_array(input);
  if (!list || list->size() > messages_max) return wrong("input", "a text or a list of at most 2,000 items");
  for (const auto each : *list) {
    const auto item = as_object(each);
    if (!item) return wrong("input", "a list of objects");
    const auto role = role_of(*item);
    if (!role) return wrong("input", "a list whose roles are system, developer, user or assistant");
    auto parts = read_item(*item);
    if (!parts) return pass(parts);
    if (!joins(out.messages, *role)) out.messages.push_back(Message{*role});
    for (auto& part : *parts) out.messages.back().parts.push_back(std::move(part));
  }
  return {};
}

Result<void> read_tools(element given, ChatRequest& out) {
  const auto list = as_array(given);
  if (!list || list->size() > tools_max) return wrong("tools", "a list of at most 1,024 tools");
  for (const auto each : *list) {
    const auto fields = as_object(each);
    if (!fields) return wrong("tools", "a list of objects");
    const auto type = text(*fields, "type");
    if (type != "function" && type != "custom") {
      out.server_tools.push_back({self, std::string(type), raw(each)});
      continue;
    }
    Tool tool;
    tool.kind = type == "custom" ? ToolCall::Kind::custom : ToolCall::Kind::function;
    for (const auto [name, value] : *fields) {
      if (value.is_null() || name == "type") continue;
      if (name == "name")
        tool.name = as_text(value).value_or("");
      else if (name == "description")
        tool.description = as_text(value).value_or("");
      else if (name == "parameters" && value.is_object())
        tool.schema_json = raw(value);
      else if (name == "strict" && value.is_bool())
        tool.strict = as_flag(value);
      else
        tool.others.push_back({self, std::string(name), raw(value)});
    }
    if (tool.name.empty()) return wrong("tools", "a list of functions with a name each");
    out.tools.push_back(std::move(tool));
  }
  return {};
}

Result<void> read_choice(element choice, ToolChoice& out) {
  const auto fields = as_object(choice);
  const auto type = fields ? text(*fields, "type") : std::string_view();
  if (!fields) return read_openai_tool_choice(self, choice, out);
  if (type == "function" || type == "custom") {
    out.mode = ToolChoice::Mode::named;
    out.names = {std::string(text(*fields, "name"))};
    return {};
  }
  if (type == "allowed_tools") {
    out.mode = text(*fields, "mode") == "required" ? ToolChoice::Mode::required : ToolChoice::Mode::automatic;
    if (const auto list = array_at(*fields, "tools"))
      for (const auto each : *list)
        if (const auto tool = as_object(each)) out.names.emplace_back(text(*tool, "name"));
    return {};
  }
  out.mode = ToolChoice::Mode::named;
  out.raw_from = self;
  out.raw_json = raw(choice);
  return {};
}

Result<void> read_text_options(const object& fields, ChatRequest& out) {
  out.output.verbosity = text(fields, "verbosity");
  element format;
  if (fields["format"].get(format) != simdjson::SUCCESS || format.is_null()) return {};
  return read_openai_format(format, out.output);
}

void read_reasoning(const object& fields, ReasoningOptions& out) {
  for (const auto [name, value] : fields) {
    if (value.is_null()) continue;
    if (name == "effort")
      out.effort = as_text(value).value_or("");
    else if (name == "summary" || name == "generate_summary")
      out.summary = as_text(value).value_or("");
    else
      out.others.push_back({self, std::string(name), raw(value)});
  }
}

Result<void> read_number(std::string_view name, element value, double low, double high,
                         std::optional<double>& out) {
  out = as_real(value);
  if (!out || *out < low || *out > high) return wrong(name, "a number within its bounds");
  return {};
}

Result<void> read_count(std::string_view name, element value, std::int64_t low,
                        std::optional<std::int64_t>& out) {
  constexpr std::int64_t high = 10'000'000;
  out = as_integer(value);
  if (!out || *out < low || *out > high) return wrong(name, "a count");
  return {};
}

Result<void> read_texts(std::string_view name, element value, std::vector<std::string>& out) {
  constexpr std::size_t texts_max = 64;
  const auto list = as_array(value);
  if (!list || list->size() > texts_max) return wrong(name, "a list of texts");
  for (const auto each : *list) {
    const auto word = as_text(each);
    if (!word) return wrong(name, "a list of texts");
    out.emplace_back(*word);
  }
  return {};
}

/// Plain texts and flags; whether `name` is one of them.
Result<bool> read_simple(std::string_view name, element value, ChatRequest& out) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"model", &out.model},
      {"previous_response_id", &out.previous_response_id},
      {"user", &out.user},
      {"service_tier", &out.service_tier},
      {"prompt_cache_key", &out.prompt_cache_key}};
  for (const auto& [known, place] : texts) {
    if (name != known) continue;
    const auto word = as_text(value);
    if (!word) return wrong(name, "a text");
    *place = *word;
    return true;
  }
  if (name != "stream" && name != "store" && name != "background" && name != "parallel_tool_calls")
    return false;
  const auto flag = as_flag(value);
  if (!flag) return wrong(name, "true or false");
  if (name == "stream") out.stream = *flag;
  if (name == "store") out.store = *flag;
  if (name == "background") out.background = *flag;
  if (name == "parallel_tool_calls") out.tool_choice.parallel = *flag;
  return true;
}

Result<void> read_field(std::string_view name, element value, ChatRequest& out) {
  const auto simple = read_simple(name, value, out);
  if (!simple) return std::unexpected(simple.error());
  if (*simple) return {};
  const auto fields = as_object(value);
  if (name == "tools") return read_tools(value, out);
  if (name == "tool_choice") return read_choice(value, out.tool_choice);
  if (name == "temperature") return read_number(name, value, 0, 2, out.sampling.temperature);
  if (name == "top_p") return read_number(name, value, 0, 1, out.sampling.top_p);
  if (name == "max_output_tokens") return read_count(name, value, 1, out.sampling.max_tokens);
  if (name == "top_logprobs") return read_count(name, value, 0, out.sampling.top_logprobs);
  if (name == "include") return read_texts(name, value, out.include);
  if (name == "text") return fields ? read_text_options(*fields, out) : wrong(name, "an object");
  if (name == "reasoning") {
    if (!fields) return wrong(name, "an object");
    read_reasoning(*fields, out.reasoning);
    return {};
  }
  if (name == "metadata") {
    if (!fields) return wrong(name, "an object of texts");
    for (const auto [key, inner] : *fields) {
      const auto word = as_text(inner);
      out.metadata.emplace_back(std::string(key), word ? std::string(*word) : raw(inner));
    }
    return {};
  }
  if (name == "bastide") {
    auto options = detail::read_bastide(value);
    if (!options) return pass(options);
    out.bastide = std::move(*options);
    return {};
  }
  out.others.push_back({self, std::string(name), raw(value)});
  return {};
}

}  // namespace

Result<ChatRequest> read_request(std::string_view body) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return std::unexpected(root.error());
  ChatRequest out;
  out.from = self;
  element value;
  if ((*root)["instructions"].get(value) == simdjson::SUCCESS && !value.is_null()) {
    const auto instructions = as_text(value);
    if (!instructions) return wrong("instructions", "a text");
    out.messages.push_back(text_message(Role::system, std::string(*instructions)));
  }
  if ((*root)["input"].get(value) == simdjson::SUCCESS && !value.is_null())
    if (auto read = read_input(value, out); !read) return pass(read);
  for (const auto [name, field] : *root) {
    if (field.is_null() || name == "instructions" || name == "input") continue;
    if (auto read = read_field(name, field, out); !read) return pass(read);
  }
  if (out.messages.empty() && out.previous_response_id.empty())
    return wrong("input", "a text or a list of items");
  for (const auto& wanted : out.include)
    if (wanted == "message.output_text.logprobs") out.sampling.logprobs = true;
  if (out.sampling.top_logprobs.value_or(0) > 0) out.sampling.logprobs = true;
  name_tool_results(out);
  return out;
}

}  // namespace bastide::dialects::responses
