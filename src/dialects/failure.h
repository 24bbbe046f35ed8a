// What a refused call means for us, whatever the dialect: one table for all decoders and all encoders.
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
/// Seconds of the header retry-after; 0 when it is missing, a date or beyond a day.
[[nodiscard]] std::int64_t retry_after(const HeaderLookup& headers);
/// The status that a caller of a model's API sees: base::http_status, but 400 for a field that a target
/// cannot express.
[[nodiscard]] int caller_status(const Error& error);
/// The sentence with what to do.
[[nodiscard]] std::string sentence(const Error& error);

}  // namespace bastide::dialects::detail
