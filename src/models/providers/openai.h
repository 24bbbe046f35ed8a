// Any server that speaks OpenAI's chat completions: OpenAI, Mistral, vLLM, llama-server and others.
#pragma once

#include <memory>

#include "base/config.h"
#include "models/providers/provider.h"
#include "net/client.h"

namespace bastide::models {

/// Keeps a reference to `client`.
[[nodiscard]] std::unique_ptr<Provider> make_openai_provider(const ProviderConfig& config,
                                                             net::Client& client);

}  // namespace bastide::models
