#include "policy/rate_headers.h"

#include <fmt/format.h>

#include <iterator>

namespace bastide::policy {
namespace {

void openai(std::string& head, std::string_view what, std::int64_t limit, std::int64_t remaining,
            std::int64_t reset_ms) {
  if (limit <= 0) return;
  fmt::format_to(
      std::back_inserter(head),
      "x-ratelimit-limit-{0}: {1}\r\nx-ratelimit-remaining-{0}: {2}\r\nx-ratelimit-reset-{0}: {3}ms\r\n",
      what, limit, remaining, reset_ms);
}

void anthropic(std::string& head, std::string_view what, std::int64_t limit, std::int64_t remaining,
               UnixMillis reset) {
  if (limit <= 0) return;
  fmt::format_to(std::back_inserter(head),
                 "anthropic-ratelimit-{0}-limit: {1}\r\nanthropic-ratelimit-{0}-remaining: {2}\r\n"
                 "anthropic-ratelimit-{0}-reset: {3}\r\n",
                 what, limit, remaining, rfc3339(reset));
}

}  // namespace

void append_openai_rate_headers(std::string& head, const RateState& rate) {
  openai(head, "requests", rate.limit_requests, rate.remaining_requests, rate.reset_requests_ms);
  openai(head, "tokens", rate.limit_tokens, rate.remaining_tokens, rate.reset_tokens_ms);
}

void append_anthropic_rate_headers(std::string& head, const RateState& rate, UnixMillis now) {
  anthropic(head, "requests", rate.limit_requests, rate.remaining_requests, now + rate.reset_requests_ms);
  anthropic(head, "tokens", rate.limit_tokens, rate.remaining_tokens, now + rate.reset_tokens_ms);
}

}  // namespace bastide::policy
