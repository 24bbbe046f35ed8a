// What somebody is told until it is read: budgets that are nearly spent.
#include "base/json.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using notices::Notice;

void write_notice(JsonWriter& json, const Notice& notice) {
  const auto& budget = notice.budget;
  json.object()
      .field("id", notice.id)
      .field("at", rfc3339(notice.at))
      .field("kind", "budget_nearly_spent")
      .field("scope", budget.scope)
      .field("name", budget.name)
      .field("unit", budget.unit)
      .field("period", budget.period)
      .field("limit", budget.limit)
      .field("spent", budget.spent)
      .field("begins_at", rfc3339(budget.begins_at))
      .end();
}

Task<Result<void>> unread(Call& call) {
  auto& store = call.services.notices;
  auto all = co_await call.blocking([&] { return store.unread(call.who.person, call.limit()); });
  if (!all) co_return pass(all);
  JsonWriter json;
  json.object().key("notices").array();
  for (const auto& each : *all) write_notice(json, each);
  auto sent = co_await call.send_json(200, json.end().end().take());
  co_return sent;
}

Task<Result<void>> read(Call& call) {
  auto& store = call.services.notices;
  auto done =
      co_await call.blocking([&] { return store.read(call.who.person, call.variables[0], now_ms()); });
  if (!done) co_return pass(done);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

}  // namespace

void add_notice_routes(Routes& routes) {
  routes.add({"GET", "/api/notices", Access::person, unread});
  routes.add({"POST", "/api/notices/{}/read", Access::person, read});
}

}  // namespace bastide::http_api
