#include "dialects/common.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
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
      if (name.find('.') != std::string_view::npos) continue;
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
  if (!event.empty()) {
    out += "event: ";
    out += event;
    out += '\n';
  }
  out += "data: ";
  out += data;
  out += "\n\n";
}

void append_ping(std::string& out) { out += ": ping\n\n"; }

int status_of(const Error& error) {
  constexpr int bad_request = 400;
  return error.code == Code::unsupported ? bad_request : http_status(error.code);
}

std::string_view field_of(const Error& error) {
  const std::string_view detail = error.detail;
  for (const std::string_view mark : {std::string_view("field:"), std::string_view("invalid_")})
    if (detail.starts_with(mark)) return detail.substr(mark.size());
  return detail == "previous_response_not_found" ? "previous_response_id" : std::string_view();
}

std::string sentence_of(const Error& error) {
  return error.action.empty() ? error.message : error.message + " " + error.action;
}

void put_retry_after(HttpError& out, const Error& error) {
  constexpr std::int64_t seconds_otherwise = 5;
  if (out.status != 429 && out.status != 503 && out.status != 529) return;
  out.headers.emplace_back("retry-after",
                           std::to_string(error.retry_after_s > 0 ? error.retry_after_s : seconds_otherwise));
}

namespace {

/// Seconds, or milliseconds in the header that says so. Dates are not taken.
std::int64_t retry_after_of(const HeaderLookup& headers) {
  constexpr double day_s = 86'400;
  if (!headers) return 0;
  const auto number = [&](std::string_view name) {
    const auto said = headers(name);
    double value = 0;
    std::from_chars(said.data(), said.data() + said.size(), value);
    return value;
  };
  auto seconds = number("retry-after-ms") / 1000;
  if (seconds <= 0) seconds = number("retry-after");
  if (!(seconds > 0) || seconds > day_s) return 0;
  return static_cast<std::int64_t>(seconds + 0.999);
}

}  // namespace

Error upstream_error(int status, std::string_view word, const HeaderLookup& headers) {
  const auto said =
      word.empty() ? fmt::format("status {}", status) : fmt::format("status {}, {}", status, word);
  const auto is = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
  };
  const auto fault = status / 100 == 4 ? Code::invalid : Code::upstream;
  Error out{fault, fmt::format("The provider rejected the call ({}).", said), "provider_rejected",
            "Check the fields of the call, or choose another model."};
  if (is({"context_length_exceeded", "model_context_window_exceeded"}))
    out = {Code::invalid, "The question with its context is longer than the model reads.", "context_too_long",
           "Shorten it, or choose a model with a longer context."};
  else if (status == 401 || status == 403 ||
           is({"invalid_api_key", "authentication_error", "permission_error"}))
    out = {Code::upstream, fmt::format("The provider refused our key ({}).", said), "provider_key",
           "An administrator must check the provider's key and its rights."};
  else if (status == 402 || is({"insufficient_quota", "billing_error", "billing_hard_limit_reached"}))
    out = {Code::upstream, fmt::format("Our account with the provider is used up ({}).", said),
           "provider_quota", "An administrator must check the account with the provider."};
  else if (status == 429 || is({"rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED"}))
    out = {Code::rate_limited, "The provider gets too many questions from us.", "provider_rate_limit",
           "Try again in a moment."};
  else if (status / 100 == 3)
    out = {Code::upstream, fmt::format("The provider's address leads elsewhere ({}).", said),
           "provider_redirect", "An administrator must check the provider's base_url."};
  else if (status == 404)
    out = {Code::upstream, fmt::format("The provider does not know this model ({}).", said), "provider_model",
           "An administrator must check base_url and upstream in the configuration."};
  else if (status == 408 || status == 504)
    out = {Code::timeout, fmt::format("The provider took too long ({}).", said), "provider_timeout",
           "Try again."};
  else if (status == 413 || is({"request_too_large"}))
    out = {Code::too_large, "The question is too large for the provider.", "provider_too_large",
           "Shorten it."};
  else if (status == 503 || status == 529 || is({"overloaded_error", "UNAVAILABLE"}))
    out = {Code::upstream, fmt::format("The provider is overloaded ({}).", said), "provider_overloaded",
           "Try again in a moment."};
  else if (status >= 500 || is({"api_error", "server_error", "INTERNAL"}))
    out = {Code::upstream, fmt::format("The provider failed ({}).", said), "provider_failed",
           "Try again, or choose another model."};
  out.retry_after_s = retry_after_of(headers);
  if (out.code == Code::rate_limited && out.retry_after_s > 0)
    out.action = fmt::format("Try again in {} s.", out.retry_after_s);
  return out;
}

}  // namespace bastide::dialects::detail
