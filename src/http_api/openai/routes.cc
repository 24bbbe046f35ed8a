// The dialect of OpenAI: models, chat completions, embeddings, moderations, sound.
#include "http_api/routes.h"

#include "dialects/infill.h"
#include "http_api/model_calls/embedding.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/model_calls/model_list.h"
#include "http_api/model_calls/moderation.h"
#include "http_api/model_calls/ranking.h"
#include "http_api/model_calls/speech.h"
#include "http_api/model_calls/transcription.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> chat_completions(Call& call) {
  return answer_model_call(call, dialects::openai_codec(), {});
}

Task<Result<void>> fill_gap(Call& call) { return answer_model_call(call, dialects::mistral_fim_codec(), {}); }

}  // namespace

void add_openai_routes(Routes& routes) {
  routes.add({"GET", "/v1/models", Access::person, list_models});
  routes.add({"GET", "/v1/models/{}", Access::person, get_model});
  routes.add({"POST", "/v1/chat/completions", Access::person, chat_completions});
  routes.add({"POST", "/v1/fim/completions", Access::person, fill_gap});
  routes.add({"POST", "/v1/rerank", Access::person, rerank});
  routes.add({"POST", "/v2/rerank", Access::person, rerank});  // where Cohere's SDK asks
  routes.add({"POST", "/v1/embeddings", Access::person, answer_embeddings});
  routes.add({"POST", "/v1/moderations", Access::person, answer_moderations});
  routes.add({"POST", "/v1/chat/moderations", Access::person, answer_chat_moderations});
  routes.add({"POST", "/v1/audio/transcriptions", Access::person, answer_transcriptions});
  routes.add({"POST", "/v1/audio/translations", Access::person, answer_translations});
  routes.add({"POST", "/v1/audio/speech", Access::person, answer_speech});
}

}  // namespace bastide::http_api
