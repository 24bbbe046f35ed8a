// Limits per minute as the headers that each dialect's clients know.
#pragma once

#include <string>
#include <string_view>

#include "policy/account.h"

namespace bastide::policy {

/// `x-ratelimit-limit-requests: 600` and its like, as OpenAI's clients (and Mistral's) read them: limit,
/// remaining and the time until all is free again ("1500ms"), for requests and tokens. Each line ends with CR
/// LF; a limit that does not exist has no lines. Appends some 250 bytes.
void append_openai_rate_headers(std::string& head, const RateState& rate);
/// The same as `anthropic-ratelimit-requests-limit` and its like; the reset is a time (RFC 3339).
void append_anthropic_rate_headers(std::string& head, const RateState& rate, UnixMillis now);

enum class RateStyle : std::uint8_t { openai, anthropic };
/// Those of the caller's narrowest limits, as they are now that this call has been admitted or refused.
[[nodiscard]] std::string rate_headers(Account& account, RateStyle style, Moment now);

}  // namespace bastide::policy
