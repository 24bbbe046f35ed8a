// Vectors of texts for programs, in any dialect that knows them.
#pragma once

#include "dialects/embeddings.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// Answers `POST /v1/embeddings`, in OpenAI's or in Mistral's words.
[[nodiscard]] Task<Result<void>> answer_embeddings(Call& call);
/// Answers Gemini's embedContent (one) and batchEmbedContents (list) for the model that the path names.
[[nodiscard]] Task<Result<void>> answer_gemini_embeddings(Call& call, dialects::EmbedRequest::Shape shape);

}  // namespace bastide::http_api
