// What a question may go to: models and labels; what would happen to it: preview and guard.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "chat/message_json.h"
#include "guard/report.h"
#include "http_api/problem.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

std::string_view place_name(policy::Place place) {
  switch (place) {
    case policy::Place::walls:
      return "walls";
    case policy::Place::zone:
      return "zone";
    case policy::Place::outside:
      return "outside";
  }
  return "outside";
}

Task<Result<void>> list_models(Call& call) {
  JsonWriter json;
  json.object().key("models").array();
  for (const auto& card : call.services.models.catalogue()) {
    if (!card.can("chat")) continue;
    json.object().field("id", card.id).field("name", card.name.empty() ? card.id : card.name);
    json.key("place")
        .object()
        .field("kind", place_name(call.services.router.place(card.zone)))
        .field("zone", card.zone)
        .end();
    json.key("capabilities").array();
    for (const auto& capability : card.capabilities) json.value(capability);
    json.end()
        .field("answers_documents", card.answers_documents)
        .field("state", card.state)
        .field("state_detail", state_text(card, call.language))
        .field("ready", card.ready)
        .field("context_tokens", card.context_tokens);
    // Which labels may go there, so that the composer need not guess.
    json.key("labels").array();
    const auto& labels = call.services.labels;
    for (int rank = 0; rank <= labels.highest().rank; ++rank)
      if (call.services.router.allows({rank}, card.zone, card.id)) json.value(labels.id({rank}));
    json.end().end();
  }
  json.end().field("default", "auto").end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> list_labels(Call& call) {
  const auto& labels = call.services.labels;
  auto catalogue = call.services.models.catalogue();
  JsonWriter json;
  json.object().key("labels").array();
  for (int rank = 0; rank <= labels.highest().rank; ++rank) {
    const auto& label = labels.all()[static_cast<std::size_t>(rank)];
    json.object()
        .field("id", label.id)
        .field("name_fr", label.name_fr.empty() ? label.id : label.name_fr)
        .field("name_en", label.name_en.empty() ? label.id : label.name_en)
        .field("rank", rank)
        .end();
  }
  json.end().field("default", labels.id(labels.default_label())).key("walls_only").array();
  for (int rank = 0; rank <= labels.highest().rank; ++rank) {
    if (call.services.router.walls_only({rank})) json.value(labels.id({rank}));
  }
  auto sent = co_await call.send_json(200, json.end().end().take());
  co_return sent;
}

Task<Result<void>> preview(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  chat::Turn turn;
  auto content = text_field(*body, "content");
  if (!content) co_return pass(content);
  turn.content = std::move(*content);
  auto conversation = text_field(*body, "conversation");
  if (!conversation) co_return pass(conversation);
  auto model = text_field(*body, "model");
  if (!model) co_return pass(model);
  turn.model = std::move(*model);
  auto label = maybe_text(*body, "label");
  if (!label) co_return pass(label);
  if (*label && !(*label)->empty()) turn.label = std::move(*label);
  auto collections = text_list(*body, "collections");
  if (!collections) co_return pass(collections);
  turn.collections = std::move(*collections);
  turn.language = call.language;

  exchange::Exchange seen;
  const auto& guard = call.services.guard;
  auto masked = guard::inspect_report(guard.detector(), {}, turn.content, guard::Direction::in).replaced;
  auto done = co_await call.services.chat.preview(call.who, std::move(*conversation), std::move(turn), seen);
  if (!done && done.error().code != Code::refused_by_policy) co_return pass(done);
  auto place = call.services.router.place(seen.model.zone);
  bool leaves = done && !seen.quoting && place != policy::Place::walls;
  JsonWriter json;
  json.object().field("label", call.services.labels.id(seen.label)).key("findings").array();
  for (const auto& finding : seen.findings)
    json.object().field("type", finding.type).field("start", finding.start).field("end", finding.end).end();
  json.end().field("leaves", leaves).key("masked").raw(leaves ? chat::masked_json(masked) : "[]");
  json.key("route")
      .object()
      .field("chosen", seen.model.id)
      .field("name", seen.model.name)
      .field("allowed", done.has_value());
  json.field("place", seen.model.id.empty() ? "none" : place_name(place)).field("zone", seen.model.zone);
  json.field("quoting", seen.quoting ? seen.quoting_why : "").key("candidates").array();
  for (const auto& candidate : seen.candidates)
    json.object()
        .field("model", candidate.model)
        .field("allowed", candidate.allowed)
        .field("reason", candidate.reason)
        .field("text", candidate.text)
        .end();
  json.end().end();
  if (!done) json.key("refused").raw(problem_json(done.error(), call.language));
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

Task<Result<void>> inspect(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto text = body->value("text", nlohmann::json());
  if (!text.is_string()) co_return fail(Code::invalid, "The field \"text\" must be a text.", "wrong_field");
  auto direction = text_field(*body, "direction");
  if (!direction) co_return pass(direction);
  std::string context;
  if (auto given = body->find("context"); given != body->end() && given->is_string())
    context = given->get<std::string>();
  auto content = text.get<std::string>();
  auto side = guard::direction_of(direction->empty() ? "in" : *direction);
  if (!side) co_return fail(Code::invalid, "The direction is in, out or document.", "wrong_field");
  auto report = co_await call.blocking([&]() -> Result<std::string> {
    const auto& guard = call.services.guard;
    return guard::report_json(
        guard::inspect_report(guard.detector(), guard.blocked(), content, *side, context));
  });
  if (!report) co_return pass(report);
  auto sent = co_await call.send_json(200, std::move(*report));
  co_return sent;
}

}  // namespace

void add_model_routes(Routes& routes) {
  routes.add({"GET", "/api/models", Access::person, list_models});
  routes.add({"GET", "/api/labels", Access::person, list_labels});
  routes.add({"POST", "/api/preview", Access::person, preview});
  routes.add({"POST", "/api/guard/inspect", Access::person, inspect});
}

}  // namespace bastide::http_api
