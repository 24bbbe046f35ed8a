// A call of a model from a program: from its body to its answer.
#pragma once

#include "dialects/codec.h"
#include "http_api/call.h"
#include "responses/responses.h"

namespace bastide::http_api {

/// Reads the body, unless it was read before and is given, walks the exchange and answers in the codec's
/// dialect, errors too. `path` is what the address says beside the body.
[[nodiscard]] Task<Result<void>> answer_model_call(Call& call, const dialects::Codec& codec,
                                                   dialects::RequestPath path,
                                                   std::optional<std::string> given = std::nullopt);

/// A call of responses that goes on from kept ones or is kept itself: always through the stages. `model`:
/// what an alias stands for; empty: as the body says.
[[nodiscard]] Task<Result<void>> answer_response_call(Call& call, responses::Begun begun, std::string model);

/// What a body of a model call may have.
inline constexpr std::size_t model_call_bytes_max = 64 * 1024 * 1024;

/// What a call says about the house itself, from the request, which moves, into the ask.
[[nodiscard]] Result<void> take_options(dialects::ChatRequest& request, exchange::Ask& ask);

/// Ids of collections that were given by name or id; Code::not_found for what this person may not read.
/// Blocks.
[[nodiscard]] Result<void> resolve_collections(Call& call, std::vector<std::string>& collections);

}  // namespace bastide::http_api
