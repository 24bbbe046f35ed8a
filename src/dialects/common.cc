#include "dialects/common.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.h"

namespace bastide::dialects::detail {
namespace {

/// Without these the model would do something else; what is not listed is told and left out.
constexpr std::array<std::string_view, 23> meaningful{"modalities",
                                                      "audio",
                                                      "functions",
                                                      "function_call",
                                                      "web_search_options",
                                                      "grammar",
                                                      "json_schema",
                                                      "guided_json",
                                                      "guided_grammar",
                                                      "guided_regex",
                                                      "guided_choice",
                                                      "structured_outputs",
                                                      "mcp_servers",
                                                      "container",
                                                      "context_management",
                                                      "cachedContent",
                                                      "cached_content",
                                                      "speechConfig",
                                                      "responseModalities",
                                                      "conversation",
                                                      "prompt",
                                                      "documents",
                                                      "suffix"};

/// Of a field that stands within another one. Other names may hold dots too ("speculative.n_max").
bool is_nested(std::string_view name) {
  return name.starts_with("message.") || name.starts_with("stream_options.");
}

std::string_view leaf(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

/// Every model answers in text: who asks for that alone asks for nothing.
bool says_nothing(const RawField& field) {
  const auto name = leaf(field.name);
  return (name == "modalities" || name == "responseModalities") && ascii_lower(field.json) == R"(["text"])";
}

}  // namespace

void lose_field(Losses& losses, const RawField& field, std::string path) {
  if (says_nothing(field)) return;
  if (std::ranges::find(meaningful, leaf(field.name)) != meaningful.end())
    lose_meaning(losses, std::move(path), "The model that was chosen does not know this field.");
  else
    lose(losses, std::move(path), "Left out: the model that was chosen does not know this field.");
}

void put_others(JsonWriter& json, const Others& others, Dialect speaker, std::string_view nested) {
  for (const auto& field : others) {
    if (field.from != speaker) continue;
    std::string_view name = field.name;
    if (nested.empty()) {
      if (is_nested(name)) continue;
    } else {
      if (!name.starts_with(nested) || name.size() <= nested.size() || name[nested.size()] != '.') continue;
      name.remove_prefix(nested.size() + 1);
    }
    json.key(name).raw(field.json);
  }
}

void lose_others(Losses& losses, const Others& others, Dialect speaker, std::string_view path) {
  for (const auto& field : others) {
    if (field.from == speaker) continue;
    lose_field(losses, field, std::string(path) + field.name);
  }
}

void put_url(Media& media, std::string_view url) {
  constexpr std::string_view mark = ";base64,";
  const auto at = url.starts_with("data:") ? url.find(mark) : std::string_view::npos;
  if (at == std::string_view::npos) {
    media.url = url;
    return;
  }
  media.media_type = url.substr(5, at - 5);
  media.base64 = url.substr(at + mark.size());
}

std::string url_of(const Media& media) {
  if (!media.url.empty()) return media.url;
  if (media.base64.empty()) return {};
  return "data:" + (media.media_type.empty() ? "application/octet-stream" : media.media_type) + ";base64," +
         media.base64;
}

void name_tool_results(ChatRequest& request) {
  std::unordered_map<std::string_view, std::string_view> names;
  for (auto& message : request.messages)
    for (auto& part : message.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part.content))
        names.insert_or_assign(call->id, call->name);
      if (auto* result = std::get_if<ToolResult>(&part.content); result != nullptr && result->name.empty())
        if (const auto found = names.find(result->call_id); found != names.end())
          result->name = found->second;
    }
}

std::string part_path(std::size_t message, std::size_t part) {
  return fmt::format("messages[{}].content[{}]", message, part);
}

namespace {
constexpr std::int64_t low_budget = 2048;
constexpr std::int64_t medium_budget = 8192;
constexpr std::int64_t high_budget = 24'576;
}  // namespace

std::string_view arguments_of(const ToolCall& call) {
  return call.arguments.empty() && call.kind == ToolCall::Kind::function ? "{}"
                                                                         : std::string_view(call.arguments);
}

std::string effort_of(const ReasoningOptions& reasoning) {
  if (!reasoning.effort.empty()) return reasoning.effort;
  if (reasoning.mode == ReasoningOptions::Mode::off) return "none";
  if (!reasoning.budget_tokens || *reasoning.budget_tokens < 0) return {};
  if (*reasoning.budget_tokens == 0) return "none";
  if (*reasoning.budget_tokens <= low_budget) return "low";
  return *reasoning.budget_tokens <= medium_budget ? "medium" : "high";
}

std::int64_t budget_of(std::string_view effort) {
  if (effort == "none") return 0;
  if (effort == "minimal") return 1024;
  if (effort == "low") return low_budget;
  if (effort == "medium") return medium_budget;
  return high_budget;
}

void append_event(std::string& out, std::string_view data, std::string_view event) {
  if (!event.empty() && event.find_first_of("\r\n") == std::string_view::npos) {
    out += "event: ";
    out += event;
    out += '\n';
  }
  out += "data: ";
  out += data;
  out += "\n\n";
}

void append_ping(std::string& out) { out += ": ping\n\n"; }

}  // namespace bastide::dialects::detail
