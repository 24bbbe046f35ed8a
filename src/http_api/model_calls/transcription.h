// Speech into text, by a provider's model.
#pragma once

#include "dialects/transcriptions.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// Answers `POST /v1/audio/transcriptions`, in OpenAI's or in Mistral's words. What the words of a prompt
/// hold of personal data keeps the prompt inside; the sound goes where its label may go.
[[nodiscard]] Task<Result<void>> answer_transcriptions(Call& call);
/// Answers OpenAI's `POST /v1/audio/translations`: into English.
[[nodiscard]] Task<Result<void>> answer_translations(Call& call);

}  // namespace bastide::http_api
