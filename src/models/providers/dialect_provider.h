// A provider over HTTPS, in any dialect that has a codec: OpenAI and servers like it, Anthropic, Mistral ...
#pragma once

#include <memory>

#include "base/config.h"
#include "base/key_ring.h"
#include "models/providers/provider.h"
#include "net/client.h"

namespace bastide::models {

/// Keeps references to `client` and `keys`; without `keys` those of `config` are used as they are.
[[nodiscard]] std::unique_ptr<Provider> make_provider(const ProviderConfig& config, net::Client& client,
                                                      KeyRing* keys = nullptr);

/// Vectors of an OpenAI embeddings answer (floats or base64) in the order of their index, or of Gemini's
/// batchEmbedContents in theirs, normalised.
/// Code::upstream, invalid_json, when they are not `expected` ones of one dimension.
[[nodiscard]] Result<std::vector<std::vector<float>>> parse_vectors(std::string_view json,
                                                                    std::size_t expected);

/// Relevances of a /rerank answer (`results` or `data`, each with `index` and `relevance_score`), in the
/// order of the documents, with the tokens that it says were read. Code::upstream, invalid_json, when one of
/// `expected` is missing or no number.
[[nodiscard]] Result<exchange::Ranking> parse_ranking(std::string_view json, std::size_t expected);

}  // namespace bastide::models
