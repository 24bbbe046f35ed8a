// The dialect of Anthropic: messages, and how long they are.
#include "http_api/routes.h"

#include "base/json.h"
#include "http_api/model_calls/count.h"
#include "http_api/model_calls/model_call.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> messages(Call& call) { return answer_model_call(call, dialects::anthropic_codec(), {}); }

Task<Result<void>> count_tokens(Call& call) {
  auto tokens = co_await count_prompt(call, dialects::Dialect::anthropic, {});
  if (!tokens) co_return pass(tokens);
  JsonWriter json;
  auto sent = co_await call.send_json(200, json.object().field("input_tokens", *tokens).end().take());
  co_return sent;
}

}  // namespace

void add_anthropic_routes(Routes& routes) {
  routes.add({"POST", "/v1/messages", Access::person, messages});
  routes.add({"POST", "/v1/messages/count_tokens", Access::person, count_tokens});
}

}  // namespace bastide::http_api
