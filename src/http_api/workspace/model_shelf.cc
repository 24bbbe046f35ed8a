// The models of this machine, for administrators: what could run here, what was measured, what is being
// fetched.
#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "http_api/problem.h"
#include "http_api/routes.h"
#include "http_api/workspace/views.h"
#include "models/install/shelf.h"

namespace bastide::http_api {
namespace {

using models::Pull;

Result<void> check_admin(const Call& call) {
  if (call.who.is_admin()) return {};
  return fail(Code::forbidden, "Only administrators may see and fetch models.", "admins_only",
              "Ask an administrator.");
}

std::string_view step_name(Pull::Step step) {
  switch (step) {
    case Pull::Step::fetching:
      return "fetching";
    case Pull::Step::checking:
      return "checking";
    case Pull::Step::failed:
      return "failed";
  }
  return "failed";
}

void write_pull(JsonWriter& json, const Pull& pull, const std::string& language) {
  json.key("pull").object().field("step", step_name(pull.step)).field("done_bytes", pull.done_bytes);
  json.field("total_bytes", pull.total_bytes);
  if (pull.error) json.key("error").raw(problem_json(*pull.error, language));
  json.end();
}

/// The house looks for new models once a second: one that it has not seen is not loaded.
void write_state(JsonWriter& json, const std::vector<policy::ModelCard>& cards, const std::string& id,
                 const std::string& language) {
  const auto card = std::ranges::find(cards, id, &policy::ModelCard::id);
  if (card != cards.end() && card->local)
    json.field("state", card->state).field("state_detail", state_text(*card, language));
  else
    json.field("state", "stopped");
}

Task<Result<void>> list(Call& call) {
  if (auto checked = check_admin(call); !checked) co_return pass(checked);
  auto& shelf = call.services.shelf;
  const auto pulls = shelf.pulls().all();  // before the models: what ends between is seen as there
  auto models = co_await call.blocking([&] { return shelf.models(); });
  if (!models) co_return pass(models);
  auto machine = co_await call.blocking([&]() -> Result<models::local::Machine> { return shelf.machine(); });
  if (!machine) co_return pass(machine);
  const auto cards = call.services.models.catalogue();
  JsonWriter json;
  json.object().key("machine").raw(models::to_json(*machine)).key("models").array();
  for (const auto& model : *models) {
    const auto& id = model.known.model.id;
    json.object();
    models::put_shelf_model(json, model);
    if (model.installed) write_state(json, cards, id, call.language);
    if (const auto pull = std::ranges::find(pulls, id, &Pull::model); pull != pulls.end())
      write_pull(json, *pull, call.language);
    json.end();
  }
  auto sent = co_await call.send_json(200, json.end().end().take());
  co_return sent;
}

Task<Result<void>> start_pull(Call& call) {
  if (auto checked = check_admin(call); !checked) co_return pass(checked);
  auto& services = call.services;
  const auto tell = [&audit = services.audit, actor = call.who.person](const std::string& model,
                                                                       const std::optional<Error>& error) {
    const auto* kind = error ? "model_pull_failed" : "model_pulled";
    if (auto kept = audit.append(kind, actor, model, "{}"); !kept)
      log::error("audit_failed", {{"kind", kind}, {"code", code_name(kept.error().code)}});
  };
  auto started = co_await call.blocking([&] { return services.shelf.pull(call.variables[0], tell); });
  if (!started) co_return pass(started);
  note(call, "model_pull_started", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing(202);
  co_return sent;
}

Task<Result<void>> cancel_pull(Call& call) {
  if (auto checked = check_admin(call); !checked) co_return pass(checked);
  auto ended = co_await call.blocking(
      [&]() -> Result<bool> { return call.services.shelf.pulls().cancel(call.variables[0]); });
  if (!ended) co_return pass(ended);
  if (!*ended)
    co_return fail(Code::not_found, "This model is not being fetched.", "no_pull", "Nothing is left to do.");
  note(call, "model_pull_ended", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

}  // namespace

void add_model_shelf_routes(Routes& routes) {
  routes.add({"GET", "/api/admin/models", Access::person, list});
  routes.add({"POST", "/api/admin/models/{}/pull", Access::person, start_pull});
  routes.add({"DELETE", "/api/admin/models/{}/pull", Access::person, cancel_pull});
}

}  // namespace bastide::http_api
