// Text into speech, by a provider's model.
#pragma once

#include "http_api/call.h"

namespace bastide::http_api {

/// Answers `POST /v1/audio/speech`, in OpenAI's or in Mistral's words: the sound streams as the provider
/// makes it. A text that would have to be masked is refused: nobody could put the names back into the sound.
[[nodiscard]] Task<Result<void>> answer_speech(Call& call);

}  // namespace bastide::http_api
