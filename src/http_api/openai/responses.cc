// OpenAI's responses: asked, kept, found again, gone on from.
#include <charconv>

#include "base/json.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/openai/items.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

constexpr Millis ping_every{10'000};

/// The events of a response after one of them, until it ends or its reader leaves, who may come back.
Task<Result<void>> stream_events(Call& call, std::string id, std::int64_t after, net::Headers headers) {
  auto& background = call.services.background;
  auto batch = co_await background.follow(call.who.person, id, after, Deadline::in(Millis(1)));
  if (!batch) co_return pass(batch);
  call.answered = true;
  headers.add("content-type", "text/event-stream");
  headers.add("cache-control", "no-store");
  headers.add("x-accel-buffering", "no");
  auto told = co_await call.http.start(200, std::move(headers));
  if (!told) co_return told;
  while (!batch->ended) {
    std::string bytes;
    for (const auto& frame : batch->frames) {
      bytes += frame.text;
      after = frame.number;
    }
    told = co_await call.http.write(bytes.empty() ? ": ping\n\n" : std::move(bytes));
    if (!told) co_return told;
    batch = co_await background.follow(call.who.person, id, after, Deadline::in(ping_every));
    if (!batch) co_return pass(batch);
    if (call.http.gone().stop_requested()) co_return fail(Code::cancelled, "The reader left.");
  }
  auto ended = co_await call.http.finish();
  co_return ended;
}

Task<Result<void>> create_in_background(Call& call, bool streams, std::string body) {
  auto accepted = co_await call.services.background.accept(call.who, call.language, std::move(body));
  if (!accepted) co_return pass(accepted);
  net::Headers headers{{"x-bastide-exchange", accepted->exchange}};
  if (streams) {
    auto streamed = co_await stream_events(call, accepted->id, -1, std::move(headers));
    co_return streamed;
  }
  auto sent = co_await call.send_json(200, std::move(accepted->response_json), std::move(headers));
  co_return sent;
}

Task<Result<void>> create(Call& call) {
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto asked = dialects::read_responses_call(*body);
  if (!asked) co_return pass(asked);
  auto& room = call.services.responses;
  const bool goes_on = !asked->previous.empty() || !asked->conversation.empty();
  if (!goes_on && asked->references.empty() && asked->store == false) {
    // Nothing of it is ours to keep: it may pass as it came.
    auto answered = co_await answer_model_call(call, dialects::responses_codec(), {}, std::move(*body));
    co_return answered;
  }
  if (asked->background && room.keeps(*asked)) {
    auto answered = co_await create_in_background(call, asked->stream, std::move(*body));
    co_return answered;
  }
  *body = {};
  auto model = call.services.gateway.member_of(asked->model);
  auto begun = co_await room.begin(call.who.person, std::move(*asked));
  if (!begun) co_return pass(begun);
  auto answered = co_await answer_response_call(call, std::move(*begun), std::move(model));
  co_return answered;
}

Task<Result<void>> get(Call& call) {
  if (call.query("stream") == "true") {
    const auto text = call.query("starting_after");
    std::int64_t after = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
    if (!text.empty() && (error != std::errc{} || end != text.data() + text.size()))
      co_return fail(Code::invalid, "\"starting_after\" must be the number of an event.",
                     "invalid_starting_after");
    auto streamed = co_await stream_events(call, call.variables[0], after, {});
    co_return streamed;
  }
  auto found = co_await call.services.responses.find(call.who.person, call.variables[0], sealed_of(call));
  if (!found) co_return pass(found);
  auto sent = co_await call.send_json(200, std::move(*found));
  co_return sent;
}

Task<Result<void>> remove(Call& call) {
  call.services.background.drop(call.who.person, call.variables[0]);
  auto removed = co_await call.services.responses.remove(call.who.person, call.variables[0]);
  if (!removed) co_return removed;
  JsonWriter json;
  json.object().field("id", call.variables[0]).field("object", "response").field("deleted", true).end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> list_items(Call& call) {
  auto page = item_page_of(call);
  if (!page) co_return pass(page);
  auto listed = co_await call.services.responses.input_items(call.who.person, call.variables[0],
                                                             std::move(*page), sealed_of(call));
  if (!listed) co_return pass(listed);
  auto sent = co_await call.send_json(200, std::move(*listed));
  co_return sent;
}

Task<Result<void>> cancel(Call& call) {
  auto cancelled = co_await call.services.background.cancel(call.who.person, call.variables[0]);
  if (!cancelled) co_return pass(cancelled);
  auto sent = co_await call.send_json(200, std::move(*cancelled));
  co_return sent;
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
