// A chat completions body as a neutral call.
#include "dialects/openai/openai.h"

namespace bastide::dialects::detail {

Result<void> read_openai_tool_choice(Dialect self, element choice, ToolChoice& out) {
  using Mode = ToolChoice::Mode;
  const auto mode_of = [](std::string_view word) {
    if (word == "auto") return Mode::automatic;
    if (word == "none") return Mode::none;
    return word == "required" || word == "any" ? Mode::required : Mode::unset;
  };
  if (const auto word = as_text(choice)) {
    out.mode = mode_of(*word);
    if (out.mode == Mode::unset) return wrong("tool_choice", "none, auto, required, or an object");
    return {};
  }
  const auto fields = as_object(choice);
  if (!fields) return wrong("tool_choice", "none, auto, required, or an object");
  if (const auto allowed = object_at(*fields, "allowed_tools")) {
    out.mode = mode_of(text(*allowed, "mode"));
    if (const auto list = array_at(*allowed, "tools"))
      for (const auto each : *list)
        if (const auto tool = as_object(each)) {
          const auto function = object_at(*tool, "function");
          out.names.emplace_back(function ? text(*function, "name") : text(*tool, "name"));
        }
    return {};
  }
  out.mode = Mode::named;
  for (const auto* kind : {"function", "custom"})
    if (const auto inner = object_at(*fields, kind)) out.names = {std::string(text(*inner, "name"))};
  if (out.names.empty() || out.names[0].empty()) {
    out.names.clear();
    out.raw_from = self;
    out.raw_json = raw(choice);
  }
  return {};
}

Result<void> read_openai_format(element format, OutputFormat& out) {
  const auto fields = as_object(format);
  if (!fields) return wrong("response_format", "an object");
  const auto type = text(*fields, "type");
  if (type == "text") {
    out.kind = OutputFormat::Kind::text;
  } else if (type == "json_object") {
    out.kind = OutputFormat::Kind::json_object;
    element schema;  // llama-server takes a schema here
    if ((*fields)["schema"].get(schema) == simdjson::SUCCESS && schema.is_object()) {
      out.kind = OutputFormat::Kind::json_schema;
      out.schema_json = raw(schema);
    }
  } else if (type == "json_schema") {
    const auto inner = object_at(*fields, "json_schema");
    const auto& from = inner ? *inner : *fields;  // responses: without the inner object
    out.kind = OutputFormat::Kind::json_schema;
    out.name = text(from, "name");
    out.description = text(from, "description");
    element value;
    for (const auto* name : {"schema", "schema_definition"})
      if (from[name].get(value) == simdjson::SUCCESS && value.is_object()) out.schema_json = raw(value);
    if (from["strict"].get(value) == simdjson::SUCCESS) out.strict = as_flag(value);
    if (out.schema_json.empty()) return wrong("response_format", "a JSON schema with its schema");
  } else {
    return wrong("response_format", "of the type text, json_object or json_schema");
  }
  return {};
}

Result<BastideOptions> read_bastide(element given) {
  constexpr std::size_t collections_max = 1000;
  const auto fields = as_object(given);
  if (!fields) return wrong("bastide", "an object");
  BastideOptions out;
  for (const auto [name, value] : *fields) {
    if (value.is_null()) continue;
    if (name == "collections") {
      const auto list = as_array(value);
      if (!list || list->size() > collections_max) return wrong("collections", "a list of texts");
      for (const auto each : *list) {
        const auto id = as_text(each);
        if (!id) return wrong("collections", "a list of texts");
        out.collections.emplace_back(*id);
      }
    } else if (name == "assistant" || name == "label") {
      const auto word = as_text(value);
      if (!word) return wrong(name, "a text");
      (name == "label" ? out.label : out.assistant) = *word;
    } else if (name == "quote_only") {
      const auto yes = as_flag(value);
      if (!yes) return wrong("quote_only", "true or false");
      out.quote_only = *yes;
    }
  }
  return out;
}

namespace {

constexpr std::size_t stop_max = 16;
constexpr std::size_t bias_max = 1024;

Result<void> read_real(std::string_view name, element value, double low, double high,
                       std::optional<double>& out) {
  out = as_real(value);
  if (!out || *out < low || *out > high)
    return wrong(name, low == 0 ? (high > 1 ? "a number from 0 to 2" : "a number from 0 to 1")
                                : "a number from -2 to 2");
  return {};
}

Result<void> read_count(std::string_view name, element value, std::int64_t low, std::int64_t high,
                        std::optional<std::int64_t>& out) {
  out = as_integer(value);
  if (!out || *out < low || *out > high) return wrong(name, low == 1 ? "a count from 1" : "a whole number");
  return {};
}

Result<void> read_stop(element value, std::vector<std::string>& out) {
  if (const auto word = as_text(value)) {
    out.emplace_back(*word);
    return {};
  }
  const auto list = as_array(value);
  if (!list || list->size() > stop_max) return wrong("stop", "a text or a list of at most 16 texts");
  for (const auto each : *list) {
    const auto word = as_text(each);
    if (!word) return wrong("stop", "a text or a list of at most 16 texts");
    out.emplace_back(*word);
  }
  return {};
}

Result<void> read_bias(element value, std::vector<std::pair<std::string, double>>& out) {
  const auto fields = as_object(value);
  if (!fields || fields->size() > bias_max) return wrong("logit_bias", "an object of token ids and numbers");
  for (const auto [token, bias] : *fields) {
    const auto real = as_real(bias);
    if (!real) return wrong("logit_bias", "an object of token ids and numbers");
    out.emplace_back(std::string(token), *real);
  }
  return {};
}

Result<void> read_metadata(element value, ChatRequest& out) {
  constexpr std::size_t metadata_max = 64;
  const auto fields = as_object(value);
  if (!fields || fields->size() > metadata_max) return wrong("metadata", "an object of at most 64 texts");
  for (const auto [name, inner] : *fields) {
    const auto word = as_text(inner);
    out.metadata.emplace_back(std::string(name), word ? std::string(*word) : raw(inner));
  }
  return {};
}

/// Fields of sampling; whether `name` is one of them.
Result<bool> read_sampling(std::string_view name, element value, Sampling& out) {
  Result<void> read{};
  constexpr std::int64_t whole = 1LL << 62;
  constexpr std::int64_t limit = 10'000'000;
  if (name == "temperature")
    read = read_real(name, value, 0, 2, out.temperature);
  else if (name == "top_p")
    read = read_real(name, value, 0, 1, out.top_p);
  else if (name == "min_p")
    read = read_real(name, value, 0, 1, out.min_p);
  else if (name == "frequency_penalty")
    read = read_real(name, value, -2, 2, out.frequency_penalty);
  else if (name == "presence_penalty")
    read = read_real(name, value, -2, 2, out.presence_penalty);
  else if (name == "repeat_penalty" || name == "repetition_penalty")
    read = read_real(name, value, 0, 2, out.repeat_penalty);
  else if (name == "top_k")
    read = read_count(name, value, -1, whole, out.top_k);
  else if (name == "seed" || name == "random_seed")
    read = read_count(name, value, -whole, whole, out.seed);
  else if (name == "max_completion_tokens" || (name == "max_tokens" && !out.max_tokens))
    read = read_count(name, value, 1, limit, out.max_tokens);
  else if (name == "max_tokens")
    return true;  // max_completion_tokens says more
  else if (name == "n")
    read = read_count(name, value, 1, choices_max, out.n);
  else if (name == "top_logprobs")
    read = read_count(name, value, 0, 128, out.top_logprobs);
  else if (name == "logprobs" && value.is_bool())
    out.logprobs = as_flag(value);
  else if (name == "stop")
    read = read_stop(value, out.stop);
  else if (name == "logit_bias")
    read = read_bias(value, out.logit_bias);
  else
    return false;
  if (!read) return pass(read);
  return true;
}

Result<void> read_messages(Dialect self, element value, ChatRequest& out) {
  const auto list = as_array(value);
  if (!list || list->size() == 0 || list->size() > messages_max)
    return wrong("messages", "a list of 1 to 2,000 messages");
  for (const auto each : *list) {
    const auto fields = as_object(each);
    if (!fields) return wrong("messages", "a list of objects");
    auto message = read_openai_message(self, *fields);
    if (!message) return pass(message);
    out.messages.push_back(std::move(*message));
  }
  return {};
}

Result<void> read_text(std::string_view name, element value, std::string& out) {
  const auto word = as_text(value);
  if (!word) return wrong(name, "a text");
  out = *word;
  return {};
}

Result<void> read_flag(std::string_view name, element value, std::optional<bool>& out) {
  out = as_flag(value);
  return out ? Result<void>{} : wrong(name, "true or false");
}

Result<void> read_stream_options(Dialect self, element value, ChatRequest& out) {
  const auto fields = as_object(value);
  if (!fields) return wrong("stream_options", "an object");
  for (const auto [name, inner] : *fields) {
    if (name == "include_usage")
      out.include_usage = as_flag(inner);
    else if (!inner.is_null())
      out.others.push_back({self, "stream_options." + std::string(name), raw(inner)});
  }
  return {};
}

Result<void> read_field(Dialect self, std::string_view name, element value, ChatRequest& out) {
  if (name == "model") return read_text(name, value, out.model);
  if (name == "messages") return read_messages(self, value, out);
  if (name == "stream") {
    std::optional<bool> stream;
    auto read = read_flag(name, value, stream);
    out.stream = stream.value_or(false);
    return read;
  }
  if (name == "stream_options") return read_stream_options(self, value, out);
  if (name == "tools") return read_openai_tools(self, value, out);
  if (name == "tool_choice") return read_openai_tool_choice(self, value, out.tool_choice);
  if (name == "parallel_tool_calls") return read_flag(name, value, out.tool_choice.parallel);
  if (name == "response_format") return read_openai_format(value, out.output);
  if (name == "verbosity") return read_text(name, value, out.output.verbosity);
  if (name == "reasoning_effort") return read_text(name, value, out.reasoning.effort);
  if (name == "metadata") return read_metadata(value, out);
  if (name == "user") return read_text(name, value, out.user);
  if (name == "service_tier") return read_text(name, value, out.service_tier);
  if (name == "prompt_cache_key") return read_text(name, value, out.prompt_cache_key);
  if (name == "safe_prompt") return read_flag(name, value, out.safe_prompt);
  if (name == "store") return read_flag(name, value, out.store);
  if (name == "bastide") {
    auto options = read_bastide(value);
    if (!options) return pass(options);
    out.bastide = std::move(*options);
    return {};
  }
  auto sampling = read_sampling(name, value, out.sampling);
  if (!sampling) return pass(sampling);
  if (!*sampling) out.others.push_back({self, std::string(name), raw(value)});
  return {};
}

}  // namespace

Result<ChatRequest> read_openai_request(Dialect self, std::string_view body) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return std::unexpected(root.error());
  ChatRequest out;
  out.from = self;
  for (const auto [name, value] : *root) {
    if (value.is_null()) continue;
    if (auto read = read_field(self, name, value, out); !read) return pass(read);
  }
  if (out.messages.empty()) return wrong("messages", "a list of 1 to 2,000 messages");
  name_tool_results(out);
  return out;
}

}  // namespace bastide::dialects::detail
