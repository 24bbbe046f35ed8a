// OpenAI's responses: asked, kept, found again, gone on from.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using responses::ItemPage;
using responses::Responses;

constexpr std::size_t items_a_page_max = 100;

/// What is sealed is shown to who names it in `include` (or `include[]`, as SDKs write lists).
Responses::Sealed sealed_of(const Call& call) {
  const auto query = net::percent_decode(call.request().query, true).value_or("");
  return query.find("reasoning.encrypted_content") == std::string::npos ? Responses::Sealed::hidden
                                                                        : Responses::Sealed::shown;
}

Task<Result<void>> create(Call& call) {
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto asked = dialects::read_responses_call(*body);
  if (!asked) co_return pass(asked);
  auto& room = call.services.responses;
  if (asked->previous.empty() && asked->store == false) {
    // Nothing of it is ours to keep: it may pass as it came.
    auto answered = co_await answer_model_call(call, dialects::responses_codec(), {}, std::move(*body));
    co_return answered;
  }
  *body = {};
  auto model = call.services.gateway.turn_of(asked->model);
  auto begun = co_await room.begin(call.who.person, std::move(*asked));
  if (!begun) co_return pass(begun);
  auto answered = co_await answer_response_call(call, std::move(*begun), std::move(model));
  co_return answered;
}

Task<Result<void>> get(Call& call) {
  auto found = co_await call.services.responses.find(call.who.person, call.variables[0], sealed_of(call));
  if (!found) co_return pass(found);
  auto sent = co_await call.send_json(200, std::move(*found));
  co_return sent;
}

Task<Result<void>> remove(Call& call) {
  auto removed = co_await call.services.responses.remove(call.who.person, call.variables[0]);
  if (!removed) co_return removed;
  JsonWriter json;
  json.object().field("id", call.variables[0]).field("object", "response").field("deleted", true).end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> list_items(Call& call) {
  ItemPage page;
  page.after = call.query("after");
  page.limit = std::min(call.limit(page.limit), items_a_page_max);
  const auto order = call.query("order");
  if (!order.empty() && order != "asc" && order != "desc")
    co_return fail(Code::invalid, "\"order\" must be asc or desc.", "invalid_order");
  if (order == "asc") page.order = ItemPage::Order::oldest_first;
  auto listed = co_await call.services.responses.input_items(call.who.person, call.variables[0],
                                                             std::move(page), sealed_of(call));
  if (!listed) co_return pass(listed);
  auto sent = co_await call.send_json(200, std::move(*listed));
  co_return sent;
}

// What answers while its reader waits is cancelled by leaving.
Task<Result<void>> cancel(Call& call) {
  auto found =
      co_await call.services.responses.find(call.who.person, call.variables[0], Responses::Sealed::hidden);
  if (!found) co_return pass(found);
  co_return fail(Code::invalid, "Only a response that runs in the background can be cancelled.",
                 "not_in_background", "End the connection to stop an answer that you wait for.");
}

}  // namespace

void add_response_routes(Routes& routes) {
  routes.add({"POST", "/v1/responses", Access::person, create});
  routes.add({"GET", "/v1/responses/{}", Access::person, get});
  routes.add({"DELETE", "/v1/responses/{}", Access::person, remove});
  routes.add({"GET", "/v1/responses/{}/input_items", Access::person, list_items});
  routes.add({"POST", "/v1/responses/{}/cancel", Access::person, cancel});
}

}  // namespace bastide::http_api
