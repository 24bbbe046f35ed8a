// Which models there are, for programs: in Gemini's words, or in those that OpenAI's and Anthropic's SDKs
// read.
#pragma once

#include "http_api/call.h"

namespace bastide::http_api {

[[nodiscard]] Task<Result<void>> list_models(Call& call);
/// The one that the path's variable names; Code::not_found, model_not_found.
[[nodiscard]] Task<Result<void>> get_model(Call& call);

}  // namespace bastide::http_api
