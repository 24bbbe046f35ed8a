// The body of generateContent, written.
#include <fmt/format.h>

#include <algorithm>

#include "dialects/gemini/gemini.h"

namespace bastide::dialects::gemini {
namespace {

using detail::at;
using detail::under;

constexpr std::size_t stop_max = 5;
constexpr double signed_from = 3;  // models that demand a proof on each step's first call
constexpr double levels_from = 3;  // thinkingLevel; before: thinkingBudget

struct Content {
  bool model = false;
  std::vector<std::string> parts{};
};

struct Conversation {
  std::vector<std::string> system{};
  std::vector<Content> contents{};
};

/// Results know the function they come from, which this dialect goes by.
Part with_name(const Part& part, const ChatRequest& request) {
  Part out = part;
  if (auto* result = std::get_if<ToolResult>(&out.content); result && result->name.empty())
    result->name = detail::name_of_call(request.messages, result->call_id);
  return out;
}

Conversation arrange(const ChatRequest& request, const EncodeOptions& options, Losses& losses) {
  Conversation out;
  const std::string_view mark =
      gemini_version(options.model) >= signed_from ? "skip_thought_signature_validator" : "";
  bool cached = false;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    const auto& message = request.messages[i];
    const auto path = at("messages", i);
    detail::lose_others(message.others, path, losses);
    if (!message.name.empty())
      lose(losses, under(path, "name"), "The target does not take names of speakers.");
    const bool system = message.role == Role::system || message.role == Role::developer;
    const bool model = message.role == Role::assistant;
    if (system && !out.contents.empty())
      lose(losses, path, "Instructions within the conversation move to its beginning.");
    if (!system && (out.contents.empty() || out.contents.back().model != model))
      out.contents.push_back({.model = model});
    bool first_call = true;
    for (std::size_t j = 0; j < message.parts.size(); ++j) {
      const auto& part = message.parts[j];
      const bool call = std::holds_alternative<ToolCall>(part.content);
      const PartContext context{Reader::provider, options.same_model,
                                call && first_call ? mark : std::string_view{}, losses};
      first_call &= !call;
      cached |= part.cache.has_value();
      const bool foreign_thought = request.from != own && std::holds_alternative<Reasoning>(part.content) &&
                                   signature_for_provider(own, part.signature).empty();
      if (foreign_thought) {
        lose(losses, at(under(path, "content"), j), "Reasoning of another model is left out.");
        continue;
      }
      auto written = write_part(with_name(part, request), at(under(path, "content"), j), context);
      if (!written.empty()) (system ? out.system : out.contents.back().parts).push_back(std::move(written));
    }
    if (!system && out.contents.back().parts.empty()) out.contents.pop_back();
  }
  if (cached || request.cache) lose(losses, "cache_control", "The target chooses itself what it keeps.");
  return out;
}

void put_parts(JsonWriter& json, const std::vector<std::string>& parts) {
  json.key("parts").array();
  for (const auto& part : parts) json.raw(part);
  json.end();
}

void put_tools(JsonWriter& json, const ChatRequest& request, Losses& losses) {
  if (request.tools.empty() && request.server_tools.empty()) return;
  json.key("tools").array();
  if (!request.tools.empty()) json.object().key("functionDeclarations").array();
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    const auto& tool = request.tools[i];
    const auto path = at("tools", i);
    if (tool.kind == ToolCall::Kind::custom) {
      lose_meaning(losses, path, "This model's functions take JSON objects, not plain text.");
      continue;
    }
    json.object().field("name", tool.name);
    if (!tool.description.empty()) json.field("description", tool.description);
    if (!tool.schema_json.empty()) json.key("parametersJsonSchema").raw(tool.schema_json);
    detail::write_others(json, tool.others, own, path, losses);
    json.end();
    if (tool.strict.value_or(false))
      lose(losses, under(path, "strict"), "The target holds to schemas without a promise.");
    if (tool.cache) lose(losses, under(path, "cache_control"), "The target chooses itself what it keeps.");
  }
  if (!request.tools.empty()) json.end().end();
  for (const auto& tool : request.server_tools) {
    if (tool.from == own)
      json.raw(tool.json);
    else
      lose_meaning(losses, "tools",
                   fmt::format("The tool \"{}\" runs at another provider.", detail::plain_word(tool.type)));
  }
  json.end();
}

void put_choice(JsonWriter& json, const ChatRequest& request, Losses& losses) {
  using Mode = ToolChoice::Mode;
  const auto& choice = request.tool_choice;
  if (choice.parallel && !*choice.parallel && !request.tools.empty())
    lose(losses, "parallel_tool_calls", "The target may call several functions at once.");
  const bool as_came = std::ranges::any_of(
      request.others, [](const RawField& each) { return each.from == own && each.name == "toolConfig"; });
  if (as_came || choice.mode == Mode::unset || request.tools.empty()) return;
  const auto mode = choice.mode == Mode::none                                ? "NONE"
                    : choice.mode == Mode::automatic && choice.names.empty() ? "AUTO"
                    : choice.mode == Mode::automatic                         ? "VALIDATED"
                                                                             : "ANY";
  json.key("toolConfig").object().key("functionCallingConfig").object().field("mode", mode);
  if (!choice.names.empty() && choice.mode != Mode::none) {
    json.key("allowedFunctionNames").array();
    for (const auto& name : choice.names) json.value(name);
    json.end();
  }
  json.end().end();
}

std::string_view level_of(const ReasoningOptions& wanted) {
  const auto& effort = wanted.effort;
  if (effort == "minimal" || effort == "none" || wanted.mode == ReasoningOptions::Mode::off) return "minimal";
  if (effort == "low" || effort == "medium" || effort == "high") return effort;
  if (!effort.empty()) return "high";
  return {};
}

std::int64_t budget_of(std::string_view effort) {
  if (effort == "minimal") return 512;
  if (effort == "low") return 1024;
  if (effort == "high") return 16'384;
  if (effort == "xhigh" || effort == "max") return 24'576;
  return 8192;
}

void put_thinking(JsonWriter& json, const ChatRequest& request, const EncodeOptions& options,
                  Losses& losses) {
  using Mode = ReasoningOptions::Mode;
  const auto& wanted = request.reasoning;
  const bool off = wanted.mode == Mode::off || wanted.effort == "none";
  const bool on = !off && (wanted.mode != Mode::unset || !wanted.effort.empty() || wanted.include_thoughts);
  Others further;
  for (const auto& each : wanted.others)
    if (each.name.starts_with("generationConfig.thinkingConfig."))
      further.push_back({each.from, each.name.substr(32), each.json});
  if (!off && !on && further.empty()) return;
  json.key("thinkingConfig").object();
  const bool native = request.from == own;
  if (native ? wanted.include_thoughts.has_value() : on)
    json.field("includeThoughts", wanted.include_thoughts.value_or(true));
  if (native) {
    if (wanted.budget_tokens) json.field("thinkingBudget", *wanted.budget_tokens);
    if (!wanted.effort.empty()) json.field("thinkingLevel", wanted.effort);
  } else if (gemini_version(options.model) < levels_from) {
    const auto budget = off                                    ? 0
                        : wanted.budget_tokens.value_or(0) > 0 ? *wanted.budget_tokens
                                                               : budget_of(wanted.effort);
    const bool chosen = off || wanted.budget_tokens || !wanted.effort.empty();
    json.field("thinkingBudget", chosen ? budget : -1);
  } else {
    if (off) lose(losses, "reasoning", "The model always reasons: it is told to as little as it can.");
    const auto level = level_of(wanted);
    if (!level.empty()) json.field("thinkingLevel", level);
    if (level.empty() && wanted.budget_tokens)
      lose(losses, "reasoning.budget_tokens", "The model chooses itself how long it reasons.");
  }
  detail::write_others(json, further, own, "reasoning", losses);
  json.end();
}

void put_sampling(JsonWriter& json, const ChatRequest& request, Losses& losses) {
  const auto& sampling = request.sampling;
  if (sampling.temperature) json.field("temperature", *sampling.temperature);
  if (sampling.top_p) json.field("topP", *sampling.top_p);
  if (sampling.top_k) json.field("topK", *sampling.top_k);
  if (sampling.presence_penalty) json.field("presencePenalty", *sampling.presence_penalty);
  if (sampling.frequency_penalty) json.field("frequencyPenalty", *sampling.frequency_penalty);
  if (sampling.max_tokens) json.field("maxOutputTokens", *sampling.max_tokens);
  if (sampling.n) json.field("candidateCount", *sampling.n);
  // 32 bits there: any number stands for itself or for the same other one.
  if (sampling.seed) json.field("seed", *sampling.seed % 2'147'483'647);
  if (sampling.logprobs) json.field("responseLogprobs", *sampling.logprobs);
  if (sampling.top_logprobs && sampling.logprobs.value_or(false))
    json.field("logprobs", *sampling.top_logprobs);
  if (!sampling.stop.empty()) {
    if (sampling.stop.size() > stop_max) lose_meaning(losses, "stop", "The target takes five stop words.");
    json.key("stopSequences").array();
    for (const auto& word : sampling.stop) json.value(word);
    json.end();
  }
  if (sampling.min_p) lose(losses, "min_p", "The target has no such field.");
  if (sampling.repeat_penalty) lose(losses, "repeat_penalty", "The target has no such field.");
  if (!sampling.logit_bias.empty()) lose_meaning(losses, "logit_bias", "The target has no such field.");
  const auto& output = request.output;
  if (output.kind == OutputFormat::Kind::json_object || output.kind == OutputFormat::Kind::json_schema)
    json.field("responseMimeType", "application/json");
  if (output.kind == OutputFormat::Kind::json_schema) json.key("responseJsonSchema").raw(output.schema_json);
  if (!output.verbosity.empty()) lose(losses, "verbosity", "The target has no such field.");
}

void tell_rest(const ChatRequest& request, Losses& losses) {
  if (!request.user.empty()) lose(losses, "user", "The target is not told who asks.");
  if (!request.metadata.empty()) lose(losses, "metadata", "The target keeps no metadata.");
  if (!request.service_tier.empty() && request.service_tier != "auto" && request.service_tier != "default")
    lose(losses, "service_tier", "The target has no such tier.");
  if (!request.prompt_cache_key.empty())
    lose(losses, "prompt_cache_key", "The target finds cached prompts by their beginning.");
  if (request.safe_prompt.value_or(false)) lose(losses, "safe_prompt", "The target has no such field.");
}

}  // namespace

Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options, Losses& losses) {
  const auto conversation = arrange(request, options, losses);
  if (conversation.contents.empty())
    return fail(Code::invalid, "The conversation holds nothing that the model could read.",
                "invalid_messages");
  Others config;
  Others top;
  for (const auto& each : request.others) {
    constexpr std::string_view prefix = "generationConfig.";
    const bool within = each.from == own && each.name.starts_with(prefix);
    (within ? config : top).push_back(each);
    if (within) config.back().name = each.name.substr(prefix.size());
  }
  JsonWriter json;
  json.object();
  if (!conversation.system.empty()) {
    json.key("systemInstruction").object();
    put_parts(json, conversation.system);
    json.end();
  }
  json.key("contents").array();
  for (const auto& content : conversation.contents) {
    json.object().field("role", content.model ? "model" : "user");
    put_parts(json, content.parts);
    json.end();
  }
  json.end();
  put_tools(json, request, losses);
  put_choice(json, request, losses);
  JsonWriter settings;
  settings.object();
  put_sampling(settings, request, losses);
  put_thinking(settings, request, options, losses);
  detail::write_others(settings, config, own, "generationConfig", losses);
  if (const auto written = settings.end().take(); written != "{}") json.key("generationConfig").raw(written);
  if (!request.safety_settings_json.empty()) json.key("safetySettings").raw(request.safety_settings_json);
  for (const auto& each : request.reasoning.others)
    if (each.from != own) lose(losses, each.name, "The target has no such field.");
  detail::write_others(json, top, own, "", losses);
  tell_rest(request, losses);
  return json.end().take();
}

}  // namespace bastide::dialects::gemini
