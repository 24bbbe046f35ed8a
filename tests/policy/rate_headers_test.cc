#include "policy/rate_headers.h"

#include <gtest/gtest.h>

namespace bastide::policy {
namespace {

TEST(RateHeaders, SpeakEachDialect) {
  const RateState rate{.limit_requests = 600, .remaining_requests = 599, .reset_requests_ms = 100};
  std::string head;
  append_openai_rate_headers(head, rate);
  EXPECT_EQ(head,
            "x-ratelimit-limit-requests: 600\r\nx-ratelimit-remaining-requests: 599\r\n"
            "x-ratelimit-reset-requests: 100ms\r\n");
  head.clear();
  append_anthropic_rate_headers(head, rate, 1'795'348'800'000);
  EXPECT_EQ(head,
            "anthropic-ratelimit-requests-limit: 600\r\nanthropic-ratelimit-requests-remaining: 599\r\n"
            "anthropic-ratelimit-requests-reset: 2026-11-22T12:00:00.100Z\r\n");
}

}  // namespace
}  // namespace bastide::policy
