// The dialect of OpenAI: models, chat completions, embeddings, and search over collections as vector stores.
#include "http_api/routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "http_api/openai/chat_request.h"
#include "http_api/openai/chat_stream.h"
#include "http_api/problem.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t inputs_max = 2048;

Task<Result<void>> list_models(Call& call) {
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (const auto& card : call.services.models.catalogue()) {
    json.object()
        .field("id", card.id)
        .field("object", "model")
        .field("created", 0)
        .field("owned_by", card.provider)
        .key("bastide")
        .object()
        .field("name", card.name)
        .field("zone", card.zone)
        .field("state", card.state)
        .field("context_tokens", card.context_tokens)
        .key("capabilities")
        .array();
    for (const auto& capability : card.capabilities) json.value(capability);
    json.end().end().end();
  }
  auto sent = co_await call.send_json(200, json.end().end().take());
  co_return sent;
}

Task<Result<void>> get_model(Call& call) {
  for (const auto& card : call.services.models.catalogue()) {
    if (card.id != call.variables[0]) continue;
    JsonWriter json;
    json.object()
        .field("id", card.id)
        .field("object", "model")
        .field("created", 0)
        .field("owned_by", card.provider)
        .end();
    auto sent = co_await call.send_json(200, json.take());
    co_return sent;
  }
  co_return fail(Code::not_found, "There is no model \"" + call.variables[0] + "\".", "model_not_found");
}

// Collections may be named as people name them.
Result<void> resolve_collections(Call& call, std::vector<std::string>& collections) {
  for (auto& given : collections) {
    auto found = call.services.library.find_collection(call.who, given);
    if (!found) return pass(found);
    given = found->id;
  }
  return {};
}

Task<Result<void>> refuse(Call& call, const Error& error, const std::string& exchange,
                          std::string header_lines = {}) {
  net::Headers headers{{"x-bastide-exchange", exchange}};
  headers.add_lines(std::move(header_lines));
  const auto status = http_status(error.code);
  if (status == 429 || status == 503) headers.add("retry-after", retry_after(error));
  auto sent = co_await call.send_json(status, openai_error_json(in_language(error, call.language), exchange),
                                      std::move(headers));
  co_return sent;
}

Task<Result<void>> chat_completions(Call& call) {
  auto text = co_await call.http.read_all(body_bytes_max);
  if (!text) co_return pass(text);
  auto passed = co_await call.services.gateway.pass(call.http, call.who, dialects::Dialect::openai, *text);
  call.answered = passed.way == gateway::Gateway::Way::answered;
  if (call.answered) co_return Result<void>{};
  if (passed.error) {
    auto told = co_await refuse(call, *passed.error, passed.exchange, std::move(passed.header_lines));
    co_return told;
  }
  auto body = call.json_object(*text);
  if (!body) co_return pass(body);
  auto request = parse_chat_request(*body);
  if (!request) co_return pass(request);
  if (!request->ask.collections.empty()) {
    auto resolved =
        co_await call.blocking([&] { return resolve_collections(call, request->ask.collections); });
    if (!resolved) co_return resolved;
  }
  exchange::Exchange exchange;
  exchange.id = new_id("ex");
  exchange.started_at = now_ms();
  exchange.who = call.who;
  exchange.ask = std::move(request->ask);
  exchange.ask.language = call.language;
  exchange.stop = call.http.gone();
  ChatStream stream(call.http, exchange, call.services.labels,
                    request->stream ? ChatStream::Mode::chunks : ChatStream::Mode::whole,
                    request->include_usage);
  exchange.sink = &stream;
  auto done = co_await call.services.pipeline.run(exchange);
  if (done) {
    call.answered = true;
    co_return done;
  }
  auto told = in_language(done.error(), call.language);
  if (stream.started()) {
    call.answered = true;
    auto broken = co_await stream.break_off(std::move(told));
    co_return broken;
  }
  if (done.error().code == Code::cancelled) co_return done;
  auto sent = co_await refuse(call, done.error(), exchange.id);
  co_return sent;
}

Result<std::vector<std::string>> embedding_inputs(const nlohmann::json& body) {
  auto input = body.find("input");
  if (input != body.end() && input->is_string()) return std::vector<std::string>{input->get<std::string>()};
  auto list = text_list(body, "input");
  if (!list || list->empty() || list->size() > inputs_max)
    return fail(Code::invalid, "\"input\" must be a text or a list of 1 to 2,048 texts.", "invalid_input");
  return list;
}

Task<Result<void>> embeddings(Call& call) {
  auto body = co_await call.json_body(body_bytes_max);
  if (!body) co_return pass(body);
  auto model = text_field(*body, "model");
  if (!model) co_return pass(model);
  auto inputs = embedding_inputs(*body);
  if (!inputs) co_return pass(inputs);
  const policy::ModelCard* card = nullptr;
  auto catalogue = call.services.models.catalogue();
  for (const auto& one : catalogue)
    if (one.id == *model && one.can("embeddings")) card = &one;
  if (!card)
    co_return fail(Code::not_found, "There is no embedding model \"" + *model + "\".", "model_not_found");
  // Texts to embed are data too: the organisation's rule says where they may go.
  auto label = call.services.labels.default_label();
  if (!call.services.router.allows(label, card->zone, card->id))
    co_return fail(Code::refused_by_policy,
                   "The default label may not go to " + card->id + ". Nothing was sent.",
                   "label_not_allowed");
  std::int64_t tokens = 0;
  for (const auto& text : *inputs) tokens += static_cast<std::int64_t>(text.size() + 2) / 3;
  auto vectors =
      co_await call.services.models.embed(card->id, std::move(*inputs), exchange::Models::EmbedKind::raw);
  if (!vectors) co_return pass(vectors);
  bool as_base64 = body->value("encoding_format", nlohmann::json("float")) == "base64";
  JsonWriter json;
  json.object().field("object", "list").field("model", card->id).key("data").array();
  for (std::size_t i = 0; i < vectors->size(); ++i) {
    const auto& vector = (*vectors)[i];
    json.object().field("object", "embedding").field("index", i).key("embedding");
    if (as_base64) {
      json.value(base64({reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)}));
    } else {
      json.array();
      for (float x : vector) json.value(static_cast<double>(x));
      json.end();
    }
    json.end();
  }
  json.end().key("usage").object().field("prompt_tokens", tokens).field("total_tokens", tokens).end().end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> list_stores(Call& call) {
  knowledge::ListQuery query{"", call.query("after"), call.limit(20)};
  auto page = co_await call.blocking([&] { return call.services.library.collections(call.who, query); });
  if (!page) co_return pass(page);
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (const auto& view : page->items)
    json.object()
        .field("id", view.id)
        .field("object", "vector_store")
        .field("name", view.name)
        .field("created_at", view.created_at / 1000)
        .field("status", view.ready == view.documents ? "completed" : "in_progress")
        .key("file_counts")
        .object()
        .field("total", view.documents)
        .field("completed", view.ready)
        .end()
        .end();
  json.end();
  for (auto [name, view] : {std::pair{"first_id", page->items.empty() ? nullptr : &page->items.front()},
                            {"last_id", page->items.empty() ? nullptr : &page->items.back()}}) {
    json.key(name);
    view ? json.value(view->id) : json.null();
  }
  json.field("has_more", page->next.has_value()).end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> search_store(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto query = text_field(*body, "query");
  if (!query) co_return pass(query);
  if (query->empty()) co_return fail(Code::invalid, "\"query\" must be a text.", "invalid_query");
  std::vector<std::string> collections{call.variables[0]};
  auto resolved = co_await call.blocking([&] { return resolve_collections(call, collections); });
  if (!resolved) co_return resolved;
  auto limit = body->value("max_num_results", nlohmann::json(10));
  std::size_t count =
      limit.is_number_integer()
          ? static_cast<std::size_t>(std::clamp<std::int64_t>(limit.get<std::int64_t>(), 1, 50))
          : 10;
  auto asked = *query;
  auto answer =
      co_await call.services.library.search(call.who, std::move(*query), std::move(collections), count);
  if (!answer) co_return pass(answer);
  JsonWriter json;
  json.object()
      .field("object", "vector_store.search_results.page")
      .field("search_query", asked)
      .key("data")
      .array();
  for (const auto& hit : answer->results)
    json.object()
        .field("file_id", hit.passage.document)
        .field("filename", hit.passage.title)
        .field("score", hit.passage.score)
        .key("attributes")
        .object()
        .field("page", hit.passage.page)
        .field("passage", hit.passage.id)
        .end()
        .key("content")
        .array()
        .object()
        .field("type", "text")
        .field("text", hit.passage.text)
        .end()
        .end()
        .end();
  json.end().field("has_more", false).key("next_page").null().end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

}  // namespace

void add_openai_routes(Routes& routes) {
  routes.add({"GET", "/v1/models", Access::person, list_models});
  routes.add({"GET", "/v1/models/{}", Access::person, get_model});
  routes.add({"POST", "/v1/chat/completions", Access::person, chat_completions});
  routes.add({"POST", "/v1/embeddings", Access::person, embeddings});
  routes.add({"GET", "/v1/vector_stores", Access::person, list_stores});
  routes.add({"POST", "/v1/vector_stores/{}/search", Access::person, search_store});
}

}  // namespace bastide::http_api
