// Calls that only count: how long a prompt is.
#pragma once

#include <string_view>

#include "dialects/codec.h"

namespace bastide::dialects {

/// The body of Anthropic's count_tokens (a call without a limit), or of Gemini's countTokens (contents, or a
/// whole call under generateContentRequest). Errors as Codec::decode_request; Code::unsupported for dialects
/// that do not count.
[[nodiscard]] Result<ChatRequest> decode_count_request(Dialect dialect, std::string_view body,
                                                       const RequestPath& path);

}  // namespace bastide::dialects
