#include "policy/rate_headers.h"

#include <array>
#include <charconv>

namespace bastide::policy {
namespace {

// Every answer carries these lines: plain appends cost a third of formatting.
void append(std::string& head, std::int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  head.append(digits.data(), end);
}

void openai(std::string& head, std::string_view what, std::int64_t limit, std::int64_t remaining,
            std::int64_t reset_ms) {
  if (limit <= 0) return;
  const auto line = [&](std::string_view kind, std::int64_t number, std::string_view end) {
    head += "x-ratelimit-";
    head += kind;
    head += what;
    head += ": ";
    append(head, number);
    head += end;
  };
  line("limit-", limit, "\r\n");
  line("remaining-", remaining, "\r\n");
  line("reset-", reset_ms, "ms\r\n");
}

void anthropic(std::string& head, std::string_view what, std::int64_t limit, std::int64_t remaining,
               UnixMillis reset) {
  if (limit <= 0) return;
  const auto begin = [&](std::string_view kind) {
    head += "anthropic-ratelimit-";
    head += what;
    head += kind;
  };
  begin("-limit: ");
  append(head, limit);
  head += "\r\n";
  begin("-remaining: ");
  append(head, remaining);
  head += "\r\n";
  begin("-reset: ");
  head += rfc3339(reset);
  head += "\r\n";
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

std::string rate_headers(Account& account, RateStyle style, Moment now) {
  constexpr std::size_t usual_bytes = 384;
  const auto rate = account.rate_state(now);
  std::string head;
  head.reserve(usual_bytes);
  if (style == RateStyle::anthropic)
    append_anthropic_rate_headers(head, rate, now.wall);
  else
    append_openai_rate_headers(head, rate);
  return head;
}

}  // namespace bastide::policy
