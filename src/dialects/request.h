// One chat call, in words of no dialect. What a dialect says and this cannot hold stays in `others`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dialects/part.h"

namespace bastide::dialects {

enum class Role : std::uint8_t { system, developer, user, assistant, tool };

struct Message {
  Role role = Role::user;
  std::vector<Part> parts{};
  std::string name{};   // of the speaker
  bool prefix = false;  // an assistant's turn that the model is to continue: only the last message
  std::string id{};     // Responses: of the item
  Others others{};
};

[[nodiscard]] Message text_message(Role role, std::string text);
/// Its texts, a line each; of a tool's result too.
[[nodiscard]] std::string text_of(const Message& message);

/// A function that the caller runs.
struct Tool {
  std::string name;
  std::string description{};
  std::string schema_json{};  // of its parameters; empty: not said
  std::optional<bool> strict{};
  ToolCall::Kind kind = ToolCall::Kind::function;
  std::optional<CacheMarker> cache{};
  Others others{};
};

/// A tool that the provider runs (web search, code interpreter, MCP ...): the whole object.
struct ServerTool {
  Dialect from = Dialect::openai;
  std::string type;
  std::string json;
};

struct ToolChoice {
  enum class Mode : std::uint8_t { unset, automatic, none, required, named };
  Mode mode = Mode::unset;
  /// With `named`: one. With `automatic` or `required`: the only ones allowed; empty: all.
  std::vector<std::string> names{};
  std::optional<bool> parallel{};
  std::string raw_json{};  // a choice of a server tool, as `raw_from` wrote it; `mode` is then named
  Dialect raw_from = Dialect::openai;
};

struct OutputFormat {
  enum class Kind : std::uint8_t { unset, text, json_object, json_schema };
  Kind kind = Kind::unset;
  std::string name{};
  std::string description{};
  std::string schema_json{};
  std::optional<bool> strict{};
  std::string verbosity{};  // low medium high
};

struct ReasoningOptions {
  enum class Mode : std::uint8_t { unset, off, on, adaptive };
  Mode mode = Mode::unset;
  std::string effort{};                         // none minimal low medium high xhigh max; empty: not said
  std::optional<std::int64_t> budget_tokens{};  // -1: as the model likes (Gemini)
  std::string summary{};                        // auto concise detailed
  std::optional<bool> include_thoughts{};       // Gemini: whether thoughts are shown
  Others others{};
};

struct Sampling {
  std::optional<double> temperature{}, top_p{}, min_p{};
  std::optional<double> frequency_penalty{}, presence_penalty{}, repeat_penalty{};
  std::optional<std::int64_t> top_k{}, seed{}, max_tokens{}, n{};
  std::vector<std::string> stop{};
  std::optional<bool> logprobs{};
  std::optional<std::int64_t> top_logprobs{};
  std::vector<std::pair<std::string, double>> logit_bias{};  // token id, bias
};

/// The `bastide` object of interface.md.
struct BastideOptions {
  std::vector<std::string> collections{};
  std::string assistant{};
  std::string label{};
  bool quote_only = false;
};

struct ChatRequest {
  Dialect from = Dialect::openai;
  std::string model;
  std::vector<Message> messages{};
  std::vector<Tool> tools{};
  std::vector<ServerTool> server_tools{};
  ToolChoice tool_choice{};
  OutputFormat output{};
  ReasoningOptions reasoning{};
  Sampling sampling{};
  bool stream = false;
  std::optional<bool> include_usage{};
  std::vector<std::pair<std::string, std::string>> metadata{};
  std::string user{};  // the caller's word for who asks
  std::string service_tier{};
  std::string prompt_cache_key{};
  std::optional<CacheMarker> cache{};  // Anthropic: automatic caching of the whole prompt
  std::optional<bool> safe_prompt{};   // Mistral
  std::string safety_settings_json{};  // Gemini
  // OpenAI Responses
  std::string previous_response_id{};
  std::optional<bool> store{};
  bool background = false;
  std::vector<std::string> include{};
  std::optional<BastideOptions> bastide{};
  Others others{};
};

}  // namespace bastide::dialects
