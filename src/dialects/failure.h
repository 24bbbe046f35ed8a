// Errors of calls, whatever the dialect: what a provider's refusal means for us, and how ours are told.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dialects/codec.h"

namespace bastide::dialects::detail {

/// `status` of the provider, 0 within a stream. `word` is the provider's own plain word for it, `message` its
/// sentence: looked through for what no status tells (a context too long, a used-up account), never repeated.
[[nodiscard]] Error refusal(int status, std::string_view word, std::string_view message,
                            std::int64_t retry_after_s);
/// Seconds of the headers retry-after-ms or retry-after, rounded up; 0 when they are missing, a date or
/// beyond a day.
[[nodiscard]] std::int64_t retry_after(const HeaderLookup& headers);
/// The status that a caller of a model's API sees: base::http_status, but 400 for a field that a target
/// cannot express.
[[nodiscard]] int status_of(const Error& error);
/// The sentence with what to do.
[[nodiscard]] std::string sentence_of(const Error& error);
/// The field that the error is about; empty when none. It lives as long as the error.
[[nodiscard]] std::string_view field_of(const Error& error);
/// `retry-after` for 429 and 503.
void put_retry_after(HttpError& out, const Error& error);

}  // namespace bastide::dialects::detail
