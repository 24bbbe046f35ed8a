// The dialect of Gemini: models, generateContent whole and streamed, embeddings, counts.
#include "http_api/routes.h"

#include "base/json.h"
#include "http_api/model_calls/count.h"
#include "http_api/model_calls/embedding.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/model_calls/model_list.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> generate(Call& call) {
  auto answered = co_await answer_model_call(call, dialects::gemini_codec(),
                                             {.model = call.variables[0], .stream = false});
  co_return answered;
}

Task<Result<void>> stream(Call& call) {
  const auto& codec = call.query("alt") == "sse" ? dialects::gemini_codec() : dialects::gemini_list_codec();
  auto answered = co_await answer_model_call(call, codec, {.model = call.variables[0], .stream = true});
  co_return answered;
}

Task<Result<void>> count(Call& call) {
  auto tokens =
      co_await count_prompt(call, dialects::Dialect::gemini, {.model = call.variables[0], .stream = false});
  if (!tokens) co_return pass(tokens);
  JsonWriter out;
  auto sent = co_await call.send_json(200, out.object().field("totalTokens", *tokens).end().take());
  co_return sent;
}

Task<Result<void>> embed(Call& call) {
  auto answered = co_await answer_gemini_embeddings(call, dialects::EmbedRequest::Shape::one);
  co_return answered;
}

Task<Result<void>> embed_batch(Call& call) {
  auto answered = co_await answer_gemini_embeddings(call, dialects::EmbedRequest::Shape::list);
  co_return answered;
}

}  // namespace

void add_gemini_routes(Routes& routes) {
  routes.add({"GET", "/v1beta/models", Access::person, list_models});
  routes.add({"GET", "/v1beta/models/{}", Access::person, get_model});
  routes.add({"POST", "/v1beta/models/{}:generateContent", Access::person, generate});
  routes.add({"POST", "/v1beta/models/{}:streamGenerateContent", Access::person, stream});
  routes.add({"POST", "/v1beta/models/{}:countTokens", Access::person, count});
  routes.add({"POST", "/v1beta/models/{}:embedContent", Access::person, embed});
  routes.add({"POST", "/v1beta/models/{}:batchEmbedContents", Access::person, embed_batch});
}

}  // namespace bastide::http_api
