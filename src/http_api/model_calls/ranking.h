// POST /v1/rerank: documents by their relevance, in the words of Jina and Cohere.
#pragma once

#include "http_api/call.h"

namespace bastide::http_api {

/// Governed as every call of a model: key, limits, budgets, label, guard, route, receipt.
[[nodiscard]] Task<Result<void>> rerank(Call& call);

}  // namespace bastide::http_api
