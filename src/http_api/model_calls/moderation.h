// Judgements of texts: by a provider's model, or by the house's own guard.
#pragma once

#include "http_api/call.h"

namespace bastide::http_api {

/// Answers `POST /v1/moderations`. Without a model, or with "bastide-guard", the guard of this house judges:
/// personal data, secrets, injections and jailbreaks, which it looks for by rules; nothing else is in its
/// answer.
[[nodiscard]] Task<Result<void>> answer_moderations(Call& call);
/// Answers Mistral's `POST /v1/chat/moderations`: the last message of each conversation.
[[nodiscard]] Task<Result<void>> answer_chat_moderations(Call& call);

}  // namespace bastide::http_api
