// A call of a model from a program: from its body to its answer.
#pragma once

#include "dialects/codec.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// Reads the body, walks the exchange and answers in the codec's dialect, errors too. `path` is what the
/// address says beside the body. `door` names the dialect in the receipt.
[[nodiscard]] Task<Result<void>> answer_model_call(Call& call, const dialects::Codec& codec,
                                                   dialects::RequestPath path);

/// Ids of collections that were given by name or id; Code::not_found for what this person may not read.
/// Blocks.
[[nodiscard]] Result<void> resolve_collections(Call& call, std::vector<std::string>& collections);

}  // namespace bastide::http_api
