// The body of /v1/messages, written.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "dialects/anthropic/anthropic.h"

namespace bastide::dialects::anthropic {
namespace {

using detail::at;
using detail::under;

constexpr auto own = Dialect::anthropic;
constexpr std::int64_t budget_min = 1024;
constexpr double adaptive_from = 4.6;  // thinking "adaptive" and output_config.effort
constexpr double thinking_from = 3.7;

/// One message of the body: this dialect wants them to alternate, and results of tools before words.
struct Turn {
  bool assistant = false;
  std::vector<std::string> results{};
  std::vector<std::string> blocks{};
  bool calls = false;
  bool thinks_first = false;
};

struct Conversation {
  std::vector<std::string> system{};
  std::vector<Turn> turns{};
};

void add_block(Turn& turn, const Part& part, std::string block) {
  const bool thinks = std::holds_alternative<Reasoning>(part.content);
  if (turn.blocks.empty() && turn.results.empty()) turn.thinks_first = thinks;
  turn.calls |= std::holds_alternative<ToolCall>(part.content);
  const bool result = std::holds_alternative<ToolResult>(part.content);
  (result ? turn.results : turn.blocks).push_back(std::move(block));
}

/// The last words of the assistant may not end in blanks, which the model would have to write again.
Part without_tail(const Part& part) {
  Part out = part;
  if (auto* words = std::get_if<Text>(&out.content)) {
    const auto end = words->text.find_last_not_of(" \t\r\n");
    words->text.resize(end == std::string::npos ? 0 : end + 1);
  }
  return out;
}

Conversation arrange(const ChatRequest& request, const EncodeOptions& options, Losses& losses) {
  Conversation out;
  const BlockContext context{Reader::provider, options.same_model, losses};
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    const auto& message = request.messages[i];
    const auto path = at("messages", i);
    const bool last = i + 1 == request.messages.size();
    detail::lose_others(message.others, path, losses);
    if (!message.name.empty())
      lose(losses, under(path, "name"), "The target does not take names of speakers.");
    const bool system = message.role == Role::system || message.role == Role::developer;
    const bool assistant = message.role == Role::assistant;
    if (system && !out.turns.empty())
      lose(losses, path, "Instructions within the conversation move to its beginning.");
    if (assistant && last && !message.prefix)
      lose(losses, path, "The target goes on with the assistant's last words.");
    if (!system && (out.turns.empty() || out.turns.back().assistant != assistant))
      out.turns.push_back({.assistant = assistant});
    for (std::size_t j = 0; j < message.parts.size(); ++j) {
      const auto& part = message.parts[j];
      const bool tail = last && assistant && j + 1 == message.parts.size();
      auto block = write_block(tail ? without_tail(part) : part, at(under(path, "content"), j), context);
      if (block.empty()) continue;
      if (system)
        out.system.push_back(std::move(block));
      else
        add_block(out.turns.back(), part, std::move(block));
    }
    if (!system && out.turns.back().blocks.empty() && out.turns.back().results.empty()) out.turns.pop_back();
  }
  if (!out.turns.empty() && out.turns.front().assistant) {
    lose(losses, "messages[0]", "The target wants the user's words first: a mark stands before them.");
    out.turns.insert(out.turns.begin(), Turn{.blocks = {R"-({"type":"text","text":"(…)"})-"}});
  }
  return out;
}

void put_list(JsonWriter& json, const std::vector<std::string>& first,
              const std::vector<std::string>& then = {}) {
  json.array();
  for (const auto& each : first) json.raw(each);
  for (const auto& each : then) json.raw(each);
  json.end();
}

/// What `effort` costs in thought where a budget must be given.
std::int64_t budget_of(std::string_view effort) {
  if (effort == "minimal") return 1024;
  if (effort == "low") return 2048;
  if (effort == "high") return 16'384;
  if (effort == "xhigh" || effort == "max") return 32'768;
  return 8192;
}

/// How much is thought, and so how much may be written.
struct Thinking {
  std::string json{};  // of "thinking"; empty: leave out
  std::string effort{};
  std::int64_t max_tokens = 0;
  bool fixes_temperature = false;
};

Thinking plan(const ChatRequest& request, const EncodeOptions& options, const Conversation& conversation,
              Losses& losses) {
  using Mode = ReasoningOptions::Mode;
  const auto& wanted = request.reasoning;
  if (!wanted.summary.empty() && request.from != own)
    lose(losses, "reasoning.summary", "The model summarises its thoughts as it likes.");
  const double version = claude_version(options.model);
  Thinking out;
  out.max_tokens = request.sampling.max_tokens.value_or(0);
  const bool wants = wanted.mode == Mode::on || wanted.mode == Mode::adaptive ||
                     (!wanted.effort.empty() && wanted.effort != "none" && wanted.mode == Mode::unset);
  const bool off = wanted.mode == Mode::off || wanted.effort == "none" || wanted.budget_tokens == 0;
  if (request.from == own) out.effort = wanted.effort;
  if (off && version >= thinking_from) out.json = R"({"type":"disabled"})";
  if (!wants || off) return out;
  if (version < thinking_from) {
    lose(losses, "reasoning", "The model does not reason.");
    return out;
  }
  const bool as_asked = request.from == own;
  const bool budget = as_asked ? wanted.mode == Mode::on : version < adaptive_from;
  if (as_asked && wanted.mode == Mode::unset) return out;  // an effort alone
  JsonWriter json;
  json.object();
  if (budget) {
    // A turn that used tools must begin with its own thoughts, which those of another model cannot be.
    const auto& turns = conversation.turns;
    const bool within_tools = turns.size() >= 2 && !turns.back().results.empty();
    if (within_tools && turns[turns.size() - 2].calls && !turns[turns.size() - 2].thinks_first) {
      lose(losses, "reasoning",
           "The conversation's calls were not this model's: it goes on without reasoning.");
      return out;
    }
    auto tokens = wanted.budget_tokens.value_or(0) > 0 ? *wanted.budget_tokens : budget_of(wanted.effort);
    tokens = std::max(tokens, budget_min);
    if (out.max_tokens == 0) out.max_tokens = options.max_tokens_default + tokens;
    if (out.max_tokens <= budget_min) {
      lose(losses, "reasoning", "There is no room to reason within the limit of tokens.");
      return out;
    }
    json.field("type", "enabled").field("budget_tokens", std::min(tokens, out.max_tokens - 1));
    out.fixes_temperature = true;
  } else {
    json.field("type", "adaptive");
    if (!as_asked && !wanted.effort.empty())
      out.effort = wanted.effort == "minimal" ? std::string("low") : wanted.effort;
    if (!as_asked && wanted.budget_tokens)
      lose(losses, "reasoning.budget_tokens", "The model chooses itself how long it reasons.");
  }
  if (wanted.include_thoughts) json.field("display", *wanted.include_thoughts ? "summarized" : "omitted");
  out.json = json.end().take();
  return out;
}

Result<void> put_tools(JsonWriter& json, const ChatRequest& request, Losses& losses) {
  const auto& choice = request.tool_choice;
  const bool allowed_only = choice.mode != ToolChoice::Mode::named && !choice.names.empty();
  if (request.tools.empty() && request.server_tools.empty()) return {};
  json.key("tools").array();
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    const auto& tool = request.tools[i];
    const auto path = at("tools", i);
    if (allowed_only && std::ranges::find(choice.names, tool.name) == choice.names.end()) continue;
    if (tool.kind == ToolCall::Kind::custom) {
      lose_meaning(losses, path, "This model's tools take JSON objects, not plain text.");
      continue;
    }
    auto schema = object_schema(tool.schema_json);
    if (schema && request.from != own && tool.strict.value_or(false)) schema = closed_schema(*schema);
    if (!schema) return pass(schema);
    json.object().field("name", tool.name);
    if (!tool.description.empty()) json.field("description", tool.description);
    json.key("input_schema").raw(*schema);
    if (tool.strict) json.field("strict", *tool.strict);
    write_cache(json, tool.cache);
    detail::write_others(json, tool.others, own, path, losses);
    json.end();
  }
  for (const auto& tool : request.server_tools) {
    if (tool.from == own)
      json.raw(tool.json);
    else
      lose_meaning(losses, "tools",
                   fmt::format("The tool \"{}\" runs at another provider.", detail::plain_word(tool.type)));
  }
  json.end();
  return {};
}

void put_choice(JsonWriter& json, const ChatRequest& request) {
  using Mode = ToolChoice::Mode;
  const auto& choice = request.tool_choice;
  if (request.tools.empty() && request.server_tools.empty()) return;
  if (choice.mode == Mode::unset && !choice.parallel) return;
  json.key("tool_choice").object();
  switch (choice.mode) {
    case Mode::none:
      json.field("type", "none");
      break;
    case Mode::required:
      json.field("type", "any");
      break;
    case Mode::named:
      json.field("type", "tool").field("name", choice.names.empty() ? std::string() : choice.names.front());
      break;
    default:
      json.field("type", "auto");
  }
  if (choice.parallel && choice.mode != Mode::none)
    json.field("disable_parallel_tool_use", !*choice.parallel);
  json.end();
}

void put_sampling(JsonWriter& json, const ChatRequest& request, const EncodeOptions& options, bool fixed,
                  Losses& losses) {
  const auto& sampling = request.sampling;
  const bool foreign = request.from != own;
  if (sampling.temperature) {
    if (fixed && foreign && *sampling.temperature != 1) {
      lose(losses, "temperature", "It may not be chosen while the model reasons.");
    } else {
      if (*sampling.temperature > 1) lose(losses, "temperature", "The target's highest is 1.");
      json.field("temperature", std::min(*sampling.temperature, 1.0));
    }
  }
  if (sampling.top_p) {
    const bool either = foreign && sampling.temperature && claude_version(options.model) > 4;
    if (either || (fixed && foreign))
      lose(losses, "top_p", "The model takes no top_p here.");
    else
      json.field("top_p", *sampling.top_p);
  }
  if (sampling.top_k) json.field("top_k", *sampling.top_k);
  std::vector<std::string> stop;
  for (const auto& word : sampling.stop) {
    if (trim(word).empty())
      lose(losses, "stop", "A stop word of blanks only is left out.");
    else
      stop.push_back(word);
  }
  if (!stop.empty()) {
    json.key("stop_sequences").array();
    for (const auto& word : stop) json.value(word);
    json.end();
  }
  if (sampling.min_p) lose(losses, "min_p", "The target has no such field.");
  if (sampling.frequency_penalty.value_or(0) != 0)
    lose(losses, "frequency_penalty", "The target has no such field.");
  if (sampling.presence_penalty.value_or(0) != 0)
    lose(losses, "presence_penalty", "The target has no such field.");
  if (sampling.repeat_penalty) lose(losses, "repeat_penalty", "The target has no such field.");
  if (sampling.seed) lose(losses, "seed", "The target does not repeat itself on demand.");
  if (sampling.n.value_or(1) != 1) lose_meaning(losses, "n", "The target gives one answer a call.");
  if (sampling.logprobs.value_or(false) || sampling.top_logprobs.value_or(0) > 0)
    lose_meaning(losses, "logprobs", "The target does not tell probabilities.");
  if (!sampling.logit_bias.empty()) lose_meaning(losses, "logit_bias", "The target has no such field.");
}

void put_rest(JsonWriter& json, const ChatRequest& request, Losses& losses) {
  if (!request.user.empty() || (request.from == own && !request.metadata.empty())) {
    json.key("metadata").object();
    if (!request.user.empty()) json.field("user_id", request.user);
    if (request.from == own)
      for (const auto& [name, value] : request.metadata) json.field(name, value);
    json.end();
  }
  if (request.from != own && !request.metadata.empty())
    lose(losses, "metadata", "The target keeps no further metadata.");
  if (request.from == own && !request.service_tier.empty())
    json.field("service_tier", request.service_tier);
  else if (request.service_tier == "auto" || request.service_tier == "default")
    json.field("service_tier", request.service_tier == "auto" ? "auto" : "standard_only");
  else if (!request.service_tier.empty())
    lose(losses, "service_tier", "The target has no such tier.");
  write_cache(json, request.cache);
  if (!request.prompt_cache_key.empty())
    lose(losses, "prompt_cache_key", "The target finds cached prompts by their beginning.");
  if (request.safe_prompt.value_or(false)) lose(losses, "safe_prompt", "The target has no such field.");
  if (!request.safety_settings_json.empty())
    lose(losses, "safetySettings", "The target's filters cannot be set.");
  if (!request.output.verbosity.empty()) lose(losses, "verbosity", "The target has no such field.");
}

}  // namespace

Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options, Body kind,
                                  Losses& losses) {
  auto conversation = arrange(request, options, losses);
  if (conversation.turns.empty())
    return fail(Code::invalid, "The conversation holds nothing that the model could read.",
                "invalid_messages");
  auto thinking = plan(request, options, conversation, losses);
  const bool json_object = request.output.kind == OutputFormat::Kind::json_object;
  if (json_object) {
    lose(losses, "response_format", "The target is told in words to answer with a JSON object.");
    conversation.system.emplace_back(
        R"({"type":"text","text":"Answer with one JSON object and nothing else: no code fence, no words around it."})");
  }
  JsonWriter json;
  json.object();
  if (!options.model.empty()) json.field("model", options.model);
  const bool fills_cache_only = std::ranges::any_of(
      request.others, [](const RawField& field) { return field.from == own && field.name == "max_tokens"; });
  if (kind == Body::call && !fills_cache_only) {
    if (thinking.max_tokens == 0) {
      thinking.max_tokens = options.max_tokens_default;
      lose(losses, "max_tokens",
           fmt::format("The target demands a limit: {} was chosen.", thinking.max_tokens));
    }
    json.field("max_tokens", thinking.max_tokens);
  }
  if (!conversation.system.empty()) {
    json.key("system");
    put_list(json, conversation.system);
  }
  json.key("messages").array();
  for (const auto& turn : conversation.turns) {
    json.object().field("role", turn.assistant ? "assistant" : "user").key("content");
    put_list(json, turn.results, turn.blocks);
    json.end();
  }
  json.end();
  if (auto put = put_tools(json, request, losses); !put) return pass(put);
  put_choice(json, request);
  if (!thinking.json.empty()) json.key("thinking").raw(thinking.json);
  const bool schema = request.output.kind == OutputFormat::Kind::json_schema;
  Others config;
  Others top;
  for (const auto& field : request.others) {
    constexpr std::string_view prefix = "output_config.";
    const bool within = field.from == own && field.name.starts_with(prefix);
    (within ? config : top).push_back(field);
    if (within) config.back().name = field.name.substr(prefix.size());
  }
  if (schema || !thinking.effort.empty() || !config.empty()) {
    json.key("output_config").object();
    if (!thinking.effort.empty()) json.field("effort", thinking.effort);
    if (schema) {
      auto closed = request.from == own ? Result<std::string>(request.output.schema_json)
                                        : closed_schema(request.output.schema_json);
      if (!closed) return pass(closed);
      json.key("format").object().field("type", "json_schema").key("schema").raw(*closed).end();
    }
    detail::write_others(json, config, own, "output_config", losses);
    json.end();
  }
  if (kind == Body::call) {
    put_sampling(json, request, options, thinking.fixes_temperature, losses);
    put_rest(json, request, losses);
    if (request.stream) json.field("stream", true);
  }
  detail::write_others(json, request.reasoning.others, own, "", losses);
  if (kind == Body::call) detail::write_others(json, top, own, "", losses);
  return json.end().take();
}

}  // namespace bastide::dialects::anthropic
