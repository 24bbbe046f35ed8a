#include "http_api/model_calls/model_list.h"

#include <algorithm>

#include "base/json.h"

namespace bastide::http_api {
namespace {

bool in_gemini(const Call& call) { return call.dialect == &dialects::gemini_codec(); }

void put_gemini_model(JsonWriter& out, const policy::ModelCard& card) {
  out.object()
      .field("name", "models/" + card.id)
      .field("baseModelId", card.id)
      .field("version", "1")
      .field("displayName", card.name)
      .field("inputTokenLimit", card.context_tokens)
      .field("outputTokenLimit", card.output_tokens_max.value_or(card.context_tokens))
      .key("supportedGenerationMethods")
      .array();
  if (card.can("chat")) out.value("generateContent").value("countTokens");
  if (card.can("embeddings")) out.value("embedContent");
  out.end().end();
}

void put_model(JsonWriter& out, const policy::ModelCard& card) {
  out.object()
      .field("id", card.id)
      .field("object", "model")
      .field("created", 0)
      .field("owned_by", card.provider)
      // Anthropic's SDK reads the same list.
      .field("type", "model")
      .field("display_name", card.name)
      .field("created_at", "1970-01-01T00:00:00Z")
      .key("bastide")
      .object()
      .field("name", card.name)
      .field("zone", card.zone)
      .field("state", card.state)
      .field("context_tokens", card.context_tokens)
      .key("capabilities")
      .array();
  for (const auto& capability : card.capabilities) out.value(capability);
  out.end().end().end();
}

}  // namespace

Task<Result<void>> list_models(Call& call) {
  JsonWriter out;
  out.object();
  const auto catalogue = call.services.models.catalogue();
  if (in_gemini(call)) {
    out.key("models").array();
    for (const auto& card : catalogue) put_gemini_model(out, card);
    out.end();
  } else {
    out.field("object", "list").key("data").array();
    for (const auto& card : catalogue) put_model(out, card);
    out.end().field("has_more", false);
  }
  auto sent = co_await call.send_json(200, out.end().take());
  co_return sent;
}

Task<Result<void>> get_model(Call& call) {
  const auto catalogue = call.services.models.catalogue();
  const auto card = std::ranges::find(catalogue, call.variables[0], &policy::ModelCard::id);
  if (card == catalogue.end())
    co_return fail(Code::not_found, "There is no model \"" + call.variables[0] + "\".", "model_not_found");
  JsonWriter out;
  in_gemini(call) ? put_gemini_model(out, *card) : put_model(out, *card);
  auto sent = co_await call.send_json(200, out.take());
  co_return sent;
}

}  // namespace bastide::http_api
