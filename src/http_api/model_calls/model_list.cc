#include "http_api/model_calls/model_list.h"

#include <algorithm>

#include "base/json.h"

namespace bastide::http_api {
namespace {

bool in_gemini(const Call& call) { return call.dialect == &dialects::gemini_codec(); }

/// A model by one of its names.
struct Named {
  std::string name;
  const policy::ModelCard* card = nullptr;
};

/// All names that a caller may say: a name that models share stands once, for the first of them.
std::vector<Named> names_of(const std::vector<policy::ModelCard>& catalogue) {
  std::vector<Named> out;
  for (const auto& card : catalogue) out.push_back({card.id, &card});
  for (const auto& card : catalogue)
    for (const auto& alias : card.aliases)
      if (std::ranges::find(out, alias, &Named::name) == out.end()) out.push_back({alias, &card});
  return out;
}

void put_gemini_model(JsonWriter& out, const Named& named) {
  const auto& card = *named.card;
  out.object()
      .field("name", "models/" + named.name)
      .field("baseModelId", card.id)
      .field("version", "1")
      .field("displayName", named.name == card.id ? card.name : named.name)
      .field("inputTokenLimit", card.context_tokens)
      .field("outputTokenLimit", card.output_tokens_max.value_or(card.context_tokens))
      .key("supportedGenerationMethods")
      .array();
  if (card.can("chat")) out.value("generateContent").value("countTokens");
  if (card.can("embeddings")) out.value("embedContent");
  out.end().end();
}

void put_model(JsonWriter& out, const Named& named) {
  const auto& card = *named.card;
  const auto& shown = named.name == card.id ? card.name : named.name;
  out.object()
      .field("id", named.name)
      .field("object", "model")
      .field("created", 0)
      .field("owned_by", card.provider)
      // Anthropic's SDK reads the same list.
      .field("type", "model")
      .field("display_name", shown)
      .field("created_at", "1970-01-01T00:00:00Z")
      .key("bastide")
      .object()
      .field("name", shown)
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
    for (const auto& named : names_of(catalogue)) put_gemini_model(out, named);
    out.end();
  } else {
    out.field("object", "list").key("data").array();
    for (const auto& named : names_of(catalogue)) put_model(out, named);
    out.end().field("has_more", false);
  }
  auto sent = co_await call.send_json(200, out.end().take());
  co_return sent;
}

Task<Result<void>> get_model(Call& call) {
  const auto catalogue = call.services.models.catalogue();
  const auto names = names_of(catalogue);
  const auto found = std::ranges::find(names, call.variables[0], &Named::name);
  if (found == names.end())
    co_return fail(Code::not_found, "There is no model \"" + call.variables[0] + "\".", "model_not_found");
  JsonWriter out;
  in_gemini(call) ? put_gemini_model(out, *found) : put_model(out, *found);
  auto sent = co_await call.send_json(200, out.take());
  co_return sent;
}

}  // namespace bastide::http_api
