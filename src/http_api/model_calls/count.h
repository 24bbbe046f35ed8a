// How long a prompt would be.
#pragma once

#include "dialects/codec.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// Tokens of the call that the body describes: exact for a model on this machine that is loaded, else an
/// estimate. Nothing leaves the house. Code::not_found for a model that is not there.
[[nodiscard]] Task<Result<std::int64_t>> count_prompt(Call& call, dialects::Dialect dialect,
                                                      dialects::RequestPath path);

}  // namespace bastide::http_api
