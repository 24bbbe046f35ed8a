// Vectors of texts for programs, under the organisation's rule.
#pragma once

#include <string>
#include <vector>

#include "exchange/ports.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// One normalised vector a text. Code::not_found (model_not_found); Code::refused_by_policy when texts of the
/// default label may not go where the model stands: they are data too.
[[nodiscard]] Task<Result<std::vector<std::vector<float>>>> embed_texts(Call& call, std::string model,
                                                                        std::vector<std::string> texts,
                                                                        exchange::Models::EmbedKind kind);

}  // namespace bastide::http_api
