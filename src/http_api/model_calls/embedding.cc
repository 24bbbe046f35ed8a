#include "http_api/model_calls/embedding.h"

#include <algorithm>

namespace bastide::http_api {

Task<Result<std::vector<std::vector<float>>>> embed_texts(Call& call, std::string model,
                                                          std::vector<std::string> texts,
                                                          exchange::Models::EmbedKind kind) {
  const auto catalogue = call.services.models.catalogue();
  const auto card = std::ranges::find_if(
      catalogue, [&](const auto& one) { return one.id == model && one.can("embeddings"); });
  if (card == catalogue.end())
    co_return fail(Code::not_found, "There is no embedding model \"" + model + "\".", "model_not_found");
  const auto label = call.services.labels.default_label();
  if (!call.services.router.allows(label, card->zone, card->id))
    co_return fail(Code::refused_by_policy,
                   "The default label may not go to " + card->id + ". Nothing was sent.",
                   "label_not_allowed");
  auto vectors = co_await call.services.models.embed(std::move(model), std::move(texts), kind);
  co_return vectors;
}

}  // namespace bastide::http_api
