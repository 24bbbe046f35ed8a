// OpenAI's conversations: made, filled, read and deleted; responses name them.
#include "http_api/model_calls/model_call.h"
#include "http_api/openai/items.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> send(Call& call, Result<std::string> json) {
  if (!json) co_return pass(json);
  auto sent = co_await call.send_json(200, std::move(*json));
  co_return sent;
}

Task<Result<void>> create(Call& call) {
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto made = co_await call.services.kept_conversations.create(call.who.person, std::move(*body));
  auto sent = co_await send(call, std::move(made));
  co_return sent;
}

Task<Result<void>> get(Call& call) {
  auto found = co_await call.services.kept_conversations.find(call.who.person, call.variables[0]);
  auto sent = co_await send(call, std::move(found));
  co_return sent;
}

Task<Result<void>> update(Call& call) {
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto changed =
      co_await call.services.kept_conversations.update(call.who.person, call.variables[0], std::move(*body));
  auto sent = co_await send(call, std::move(changed));
  co_return sent;
}

Task<Result<void>> remove(Call& call) {
  auto removed = co_await call.services.kept_conversations.remove(call.who.person, call.variables[0]);
  auto sent = co_await send(call, std::move(removed));
  co_return sent;
}

Task<Result<void>> list_items(Call& call) {
  auto page = item_page_of(call);
  if (!page) co_return pass(page);
  auto listed = co_await call.services.kept_conversations.items(call.who.person, call.variables[0],
                                                                std::move(*page), sealed_of(call));
  auto sent = co_await send(call, std::move(listed));
  co_return sent;
}

Task<Result<void>> add_items(Call& call) {
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto added = co_await call.services.kept_conversations.add(call.who.person, call.variables[0],
                                                             std::move(*body), sealed_of(call));
  auto sent = co_await send(call, std::move(added));
  co_return sent;
}

Task<Result<void>> get_item(Call& call) {
  auto found = co_await call.services.kept_conversations.item(call.who.person, call.variables[0],
                                                              call.variables[1], sealed_of(call));
  auto sent = co_await send(call, std::move(found));
  co_return sent;
}

Task<Result<void>> remove_item(Call& call) {
  auto removed = co_await call.services.kept_conversations.remove_item(call.who.person, call.variables[0],
                                                                       call.variables[1]);
  auto sent = co_await send(call, std::move(removed));
  co_return sent;
}

}  // namespace

void add_kept_conversation_routes(Routes& routes) {
  routes.add({"POST", "/v1/conversations", Access::person, create});
  routes.add({"GET", "/v1/conversations/{}", Access::person, get});
  routes.add({"POST", "/v1/conversations/{}", Access::person, update});
  routes.add({"DELETE", "/v1/conversations/{}", Access::person, remove});
  routes.add({"GET", "/v1/conversations/{}/items", Access::person, list_items});
  routes.add({"POST", "/v1/conversations/{}/items", Access::person, add_items});
  routes.add({"GET", "/v1/conversations/{}/items/{}", Access::person, get_item});
  routes.add({"DELETE", "/v1/conversations/{}/items/{}", Access::person, remove_item});
}

}  // namespace bastide::http_api
