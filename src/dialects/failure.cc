#include "dialects/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/error_text.h"
#include "base/text.h"
#include "dialects/json_in.h"

namespace bastide::dialects::detail {
namespace {

bool holds(std::string_view text, std::initializer_list<std::string_view> any) {
  return std::ranges::any_of(any, [&](auto one) { return text.find(one) != std::string_view::npos; });
}

/// The two numbers of "210000 tokens > 200000 maximum" and its like, larger first; 0 when there are none.
std::pair<std::int64_t, std::int64_t> counts_in(std::string_view message) {
  std::int64_t large = 0;
  std::int64_t small = 0;
  for (std::size_t i = 0; i < message.size();) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(message.data() + i, message.data() + message.size(), number);
    if (error != std::errc() || number < 0) {
      ++i;
      continue;
    }
    i = static_cast<std::size_t>(end - message.data());
    if (number < 256) continue;  // no context is that short: a position or a version
    if (number > large)
      small = std::exchange(large, number);
    else if (number > small)
      small = number;
  }
  return small > 0 ? std::pair{large, small} : std::pair<std::int64_t, std::int64_t>{};
}

Error too_long(std::string_view message) {
  const auto [asked, limit] = counts_in(message);
  constexpr std::string_view advice = "Shorten it, or choose a model with a longer context.";
  if (limit == 0)
    return error_with({}, Code::invalid, "The question with its context is longer than the model reads.",
                      "context_too_long", advice);
  return error_with({{"tokens", asked}, {"tokens_max", limit}}, Code::invalid,
                    "The question with its context has {tokens} tokens; the model reads {tokens_max}.",
                    "context_too_long", advice);
}

std::string said(int status, std::string_view word) {
  const auto plain = plain_word(word);
  if (status == 0) return plain.empty() ? "in its stream" : plain;
  return plain.empty() ? fmt::format("status {}", status) : fmt::format("status {}, {}", status, plain);
}

}  // namespace

Error refusal(int status, std::string_view word_given, std::string_view message, std::int64_t retry_after_s) {
  const auto word = ascii_lower(word_given.substr(0, 64));
  const auto text = ascii_lower(message.substr(0, 2000));
  const auto told = said(status, word_given);
  if (word == "context_length_exceeded" || word == "model_context_window_exceeded" ||
      holds(text, {"prompt is too long", "maximum context length", "exceeds the maximum number of tokens",
                   "too large for model", "context length"}))
    return too_long(message.substr(0, 2000));
  // Google answers 400 to a key that it does not know.
  if (status == 401 || status == 403 || word == "authentication_error" || word == "permission_error" ||
      word == "unauthenticated" || word == "permission_denied" || word == "invalid_api_key" ||
      holds(text, {"api key not valid"}))
    return {Code::upstream, fmt::format("The provider refused our key ({}).", told), "provider_key",
            "An administrator must check the provider's key and its rights."};
  if (status == 402 || word == "insufficient_quota" || word == "billing_error" ||
      word == "billing_hard_limit_reached" || holds(text, {"credit balance is too low"}))
    return {Code::upstream, fmt::format("Our account with the provider is used up ({}).", told),
            "provider_quota", "An administrator must check the account with the provider."};
  if (status == 429 || word == "rate_limit_error" || word == "rate_limit_exceeded" ||
      word == "resource_exhausted")
    return {Code::rate_limited, "The provider gets too many questions from us.", "provider_rate_limit",
            retry_after_s > 0 ? fmt::format("Try again in {} s.", retry_after_s) : "Try again in a moment.",
            retry_after_s};
  if (status == 503 || status == 529 || word == "overloaded_error" || word == "unavailable")
    return {Code::upstream, fmt::format("The provider is overloaded ({}).", told), "provider_overloaded",
            "Try again in a moment.", retry_after_s};
  if (status == 404 || word == "not_found_error" || word == "not_found")
    return {Code::upstream, fmt::format("The provider does not know this model ({}).", told),
            "provider_model", "An administrator must check base_url and upstream in the configuration."};
  if (status == 408 || status == 504 || word == "timeout_error" || word == "deadline_exceeded")
    return {Code::timeout, fmt::format("The provider took too long ({}).", told), "provider_timeout",
            "Try again."};
  if (status == 413 || word == "request_too_large")
    return {Code::too_large, "The question is too large for the provider.", "provider_too_large",
            "Shorten it."};
  if (status >= 300 && status < 400)
    return {Code::upstream, fmt::format("The provider's address leads elsewhere ({}).", told),
            "provider_redirect", "An administrator must check the provider's base_url."};
  if (status >= 500 || word == "api_error" || word == "server_error" || word == "internal")
    return {Code::upstream, fmt::format("The provider failed ({}).", told), "provider_failed",
            "Try again, or choose another model."};
  if (status == 0 || status / 100 == 2)
    return {Code::upstream, fmt::format("The provider failed in its answer ({}).", told), "provider_failed",
            "Ask again."};
  return {Code::invalid, fmt::format("The provider rejected the call ({}).", told), "provider_rejected",
          "Check the fields of the call, or choose another model."};
}

std::int64_t retry_after(const HeaderLookup& headers) {
  constexpr double day_s = 86'400;
  if (!headers) return 0;
  const auto number = [&](std::string_view name) {
    const auto said = trim(headers(name));
    double value = 0;
    const auto end = said.data() + said.size();
    return !said.empty() && std::from_chars(said.data(), end, value).ptr == end ? value : 0;
  };
  auto seconds = number("retry-after-ms") / 1000;
  if (!(seconds > 0)) seconds = number("retry-after");
  return seconds > 0 && seconds < day_s ? static_cast<std::int64_t>(std::ceil(seconds)) : 0;
}

int status_of(const Error& error) {
  constexpr int bad_request = 400;
  return error.code == Code::unsupported ? bad_request : http_status(error.code);
}

std::string sentence_of(const Error& error) {
  return error.action.empty() ? error.message : error.message + ' ' + error.action;
}

std::string_view field_of(const Error& error) {
  if (const auto named = named_field(error); !named.empty()) return named;
  return error.detail == "previous_response_not_found" ? "previous_response_id" : std::string_view();
}

void put_retry_after(HttpError& out, const Error& error) {
  constexpr std::int64_t seconds_otherwise = 5;
  if (out.status != 429 && out.status != 503 && out.status != 529) return;
  out.headers.emplace_back("retry-after",
                           std::to_string(error.retry_after_s > 0 ? error.retry_after_s : seconds_otherwise));
}

}  // namespace bastide::dialects::detail
