#include "dialects/usage.h"

#include <algorithm>
#include <array>

namespace bastide::dialects::detail {
namespace {

using Known = std::span<const std::string_view>;

void keep_others(Dialect from, const object& fields, std::string_view prefix, Known known, Others* others) {
  if (others == nullptr) return;
  for (const auto [name, value] : fields)
    if (!value.is_null() && std::ranges::find(known, name) == known.end())
      others->push_back({from, std::string(prefix) + std::string(name), raw(value)});
}

/// OpenAI's two ways to name the same: chat completions (and Mistral) and responses.
struct OpenAiNames {
  std::string_view input, output, input_details, output_details;
};
constexpr OpenAiNames chat_names{"prompt_tokens", "completion_tokens", "prompt_tokens_details",
                                 "completion_tokens_details"};
constexpr OpenAiNames responses_names{"input_tokens", "output_tokens", "input_tokens_details",
                                      "output_tokens_details"};

Usage read_openai(Dialect from, const object& usage, const OpenAiNames& names, Others* others) {
  Usage out;
  out.input = tokens(usage, names.input);
  out.output = tokens(usage, names.output);
  if (const auto details = object_at(usage, names.input_details)) {
    out.cache_read = tokens(*details, "cached_tokens");
    out.cache_write_5m = tokens(*details, "cache_write_tokens");
    out.input_audio = tokens(*details, "audio_tokens");
    out.input_image = tokens(*details, "image_tokens");
    constexpr std::array<std::string_view, 5> known{"cached_tokens", "cache_write_tokens", "audio_tokens",
                                                    "image_tokens", "text_tokens"};
    keep_others(from, *details, std::string(names.input_details) + ".", known, others);
  } else {
    out.cache_read = std::max(tokens(usage, "prompt_cache_hit_tokens"), tokens(usage, "num_cached_tokens"));
  }
  if (const auto details = object_at(usage, names.output_details)) {
    out.reasoning = tokens(*details, "reasoning_tokens");
    out.output_audio = tokens(*details, "audio_tokens");
    out.output_image = tokens(*details, "image_tokens");
    constexpr std::array<std::string_view, 4> known{"reasoning_tokens", "audio_tokens", "image_tokens",
                                                    "text_tokens"};
    keep_others(from, *details, std::string(names.output_details) + ".", known, others);
  }
  const std::array known{names.input, names.output, names.input_details, names.output_details,
                         std::string_view("total_tokens")};
  keep_others(from, usage, "", known, others);
  return out;
}

Usage read_anthropic(const object& usage, Others* others) {
  Usage out;
  out.cache_read = tokens(usage, "cache_read_input_tokens");
  const auto written = tokens(usage, "cache_creation_input_tokens");
  if (const auto classes = object_at(usage, "cache_creation"))
    out.cache_write_1h = std::min(written, tokens(*classes, "ephemeral_1h_input_tokens"));
  out.cache_write_5m = written - out.cache_write_1h;
  out.input = tokens(usage, "input_tokens") + out.cache_read + written;
  out.output = tokens(usage, "output_tokens");
  if (const auto details = object_at(usage, "output_tokens_details"))
    out.reasoning = tokens(*details, "thinking_tokens");
  constexpr std::array<std::string_view, 6> known{
      "input_tokens",   "cache_read_input_tokens", "cache_creation_input_tokens",
      "cache_creation", "output_tokens",           "output_tokens_details"};
  keep_others(Dialect::anthropic, usage, "", known, others);
  return out;
}

std::int64_t of_modality(const object& usage, std::string_view list, std::string_view modality) {
  const auto details = array_at(usage, list);
  if (!details) return 0;
  for (const auto entry : *details)
    if (const auto fields = as_object(entry); fields && text(*fields, "modality") == modality)
      return tokens(*fields, "tokenCount");
  return 0;
}

Usage read_gemini(const object& usage, Others* others) {
  Usage out;
  out.input = tokens(usage, "promptTokenCount") + tokens(usage, "toolUsePromptTokenCount");
  out.cache_read = tokens(usage, "cachedContentTokenCount");
  out.reasoning = tokens(usage, "thoughtsTokenCount");
  out.output = tokens(usage, "candidatesTokenCount") + out.reasoning;
  out.input_audio = of_modality(usage, "promptTokensDetails", "AUDIO");
  out.input_image = of_modality(usage, "promptTokensDetails", "IMAGE");
  out.output_audio = of_modality(usage, "candidatesTokensDetails", "AUDIO");
  out.output_image = of_modality(usage, "candidatesTokensDetails", "IMAGE");
  constexpr std::array<std::string_view, 5> known{"promptTokenCount", "cachedContentTokenCount",
                                                  "thoughtsTokenCount", "candidatesTokenCount",
                                                  "totalTokenCount"};
  keep_others(Dialect::gemini, usage, "", known, others);
  return out;
}

/// Fields kept aside for this dialect: top-level ones, or those under `prefix`.
void put_others(JsonWriter& json, Dialect dialect, const Others& others, std::string_view prefix) {
  for (const auto& field : others) {
    if (field.from != dialect) continue;
    const std::string_view name = field.name;
    if (prefix.empty() ? name.find('.') == std::string_view::npos : name.starts_with(prefix))
      json.key(name.substr(prefix.size())).raw(field.json);
  }
}

void put_positive(JsonWriter& json, std::string_view name, std::int64_t count) {
  if (count > 0) json.field(name, count);
}

void write_openai(JsonWriter& json, Dialect dialect, const Usage& usage, const OpenAiNames& names) {
  json.object()
      .field(names.input, usage.input)
      .field(names.output, usage.output)
      .field("total_tokens", usage.input + usage.output);
  json.key(names.input_details).object().field("cached_tokens", usage.cache_read);
  put_positive(json, "cache_write_tokens", usage.cache_write_5m + usage.cache_write_1h);
  put_positive(json, "audio_tokens", usage.input_audio);
  put_positive(json, "image_tokens", usage.input_image);
  put_others(json, dialect, usage.others, std::string(names.input_details) + ".");
  json.end();
  json.key(names.output_details).object().field("reasoning_tokens", usage.reasoning);
  put_positive(json, "audio_tokens", usage.output_audio);
  put_positive(json, "image_tokens", usage.output_image);
  put_others(json, dialect, usage.others, std::string(names.output_details) + ".");
  json.end();
  put_others(json, dialect, usage.others, "");
  json.end();
}

void write_anthropic(JsonWriter& json, const Usage& usage) {
  const auto written = usage.cache_write_5m + usage.cache_write_1h;
  json.object()
      .field("input_tokens", std::max<std::int64_t>(0, usage.input - usage.cache_read - written))
      .field("cache_creation_input_tokens", written)
      .field("cache_read_input_tokens", usage.cache_read);
  json.key("cache_creation")
      .object()
      .field("ephemeral_5m_input_tokens", usage.cache_write_5m)
      .field("ephemeral_1h_input_tokens", usage.cache_write_1h)
      .end();
  json.field("output_tokens", usage.output);
  if (usage.reasoning > 0)
    json.key("output_tokens_details").object().field("thinking_tokens", usage.reasoning).end();
  put_others(json, Dialect::anthropic, usage.others, "");
  json.end();
}

void write_gemini(JsonWriter& json, const Usage& usage) {
  std::int64_t tool_prompt = 0;  // told apart, but part of our input
  for (const auto& field : usage.others)
    if (field.from == Dialect::gemini && field.name == "toolUsePromptTokenCount")
      tool_prompt = std::strtoll(field.json.c_str(), nullptr, 10);
  json.object()
      .field("promptTokenCount", std::max<std::int64_t>(0, usage.input - tool_prompt))
      .field("candidatesTokenCount", std::max<std::int64_t>(0, usage.output - usage.reasoning))
      .field("totalTokenCount", usage.input + usage.output);
  put_positive(json, "cachedContentTokenCount", usage.cache_read);
  put_positive(json, "thoughtsTokenCount", usage.reasoning);
  put_others(json, Dialect::gemini, usage.others, "");
  json.end();
}

}  // namespace

Usage read_usage(Dialect dialect, const object& usage, Others* others) {
  switch (dialect) {
    case Dialect::responses:
      return read_openai(dialect, usage, responses_names, others);
    case Dialect::anthropic:
      return read_anthropic(usage, others);
    case Dialect::gemini:
      return read_gemini(usage, others);
    default:
      return read_openai(dialect, usage, chat_names, others);
  }
}

void write_usage(JsonWriter& json, Dialect dialect, const Usage& usage) {
  switch (dialect) {
    case Dialect::responses:
      return write_openai(json, dialect, usage, responses_names);
    case Dialect::anthropic:
      return write_anthropic(json, usage);
    case Dialect::gemini:
      return write_gemini(json, usage);
    default:
      return write_openai(json, dialect, usage, chat_names);
  }
}

void merge_usage(Usage& into, const Usage& next) {
  for (const auto field : {&Usage::input, &Usage::cache_read, &Usage::cache_write_5m, &Usage::cache_write_1h,
                           &Usage::output, &Usage::reasoning, &Usage::input_audio, &Usage::output_audio,
                           &Usage::input_image, &Usage::output_image})
    into.*field = std::max(into.*field, next.*field);
  if (!next.others.empty()) into.others = next.others;
}

}  // namespace bastide::dialects::detail
