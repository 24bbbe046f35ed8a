// Collections, search over them, and the sample collection.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/routes.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

void write_next(JsonWriter& json, const std::optional<std::string>& next) { json.field("next", next); }

// Readers as people write them; one that was deleted is left out.
void write_collection(JsonWriter& json, Call& call, const knowledge::CollectionView& view) {
  json.object()
      .field("id", view.id)
      .field("name", view.name)
      .field("label", view.label)
      .key("readers")
      .array();
  for (const auto& reader : view.readers)
    if (auto text = call.services.identity.reader_text(reader)) json.value(*text);
  json.end()
      .field("documents", view.documents)
      .field("ready", view.ready)
      .field("may_write", view.may_write)
      .field("created_at", rfc3339(view.created_at))
      .end();
}

// Blocks: looks names up.
Result<std::optional<std::vector<std::string>>> readers_of(Call& call, const nlohmann::json& body) {
  if (!body.contains("readers") || body["readers"].is_null())
    return std::optional<std::vector<std::string>>{};
  auto texts = text_list(body, "readers");
  if (!texts) return pass(texts);
  std::vector<std::string> ids;
  for (const auto& text : *texts) {
    auto id = call.services.identity.reader_id(text);
    if (!id) return pass(id);
    ids.push_back(std::move(*id));
  }
  return ids;
}

Task<Result<void>> list_collections(Call& call) {
  knowledge::ListQuery query{call.query("q"), call.query("after"), call.limit()};
  auto& library = call.services.library;
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto page = library.collections(call.who, query);
    if (!page) return pass(page);
    JsonWriter out;
    out.object().key("collections").array();
    for (const auto& view : page->items) write_collection(out, call, view);
    out.end();
    write_next(out, page->next);
    return out.end().take();
  });
  if (!json) co_return pass(json);
  auto sent = co_await call.send_json(200, std::move(*json));
  co_return sent;
}

Task<Result<void>> create_collection(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto name = text_field(*body, "name");
  if (!name) co_return pass(name);
  auto label = maybe_text(*body, "label");
  if (!label) co_return pass(label);
  auto id = co_await call.blocking([&]() -> Result<std::string> {
    auto readers = readers_of(call, *body);
    if (!readers) return pass(readers);
    return call.services.library.create_collection(
        call.who, {*name, *label, readers->value_or(std::vector<std::string>{})});
  });
  if (!id) co_return pass(id);
  note(call, "collection_created", call.who.person, *id);
  JsonWriter json;
  auto sent = co_await call.send_json(201, json.object().field("id", *id).end().take());
  co_return sent;
}

Task<Result<void>> get_collection(Call& call) {
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = call.services.library.collection(call.who, call.variables[0]);
    if (!view) return pass(view);
    JsonWriter out;
    write_collection(out, call, *view);
    return out.take();
  });
  if (!json) co_return pass(json);
  auto sent = co_await call.send_json(200, std::move(*json));
  co_return sent;
}

Task<Result<void>> change_collection(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  knowledge::CollectionChange change;
  auto name = maybe_text(*body, "name");
  if (!name) co_return pass(name);
  change.name = *name;
  auto label = maybe_text(*body, "label");
  if (!label) co_return pass(label);
  change.label = *label;
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto readers = readers_of(call, *body);
    if (!readers) return pass(readers);
    change.readers = std::move(*readers);
    auto view = call.services.library.change_collection(call.who, call.variables[0], change);
    if (!view) return pass(view);
    JsonWriter out;
    write_collection(out, call, *view);
    return out.take();
  });
  if (!json) co_return pass(json);
  note(call, "collection_changed", call.who.person, call.variables[0]);
  auto sent = co_await call.send_json(200, std::move(*json));
  co_return sent;
}

Task<Result<void>> delete_collection(Call& call) {
  auto done = co_await call.blocking(
      [&] { return call.services.library.delete_collection(call.who, call.variables[0]); });
  if (!done) co_return done;
  note(call, "collection_deleted", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

void write_hit(JsonWriter& json, const knowledge::SearchHit& hit) {
  const auto& passage = hit.passage;
  json.object()
      .field("document", passage.document)
      .field("title", passage.title)
      .field("page", passage.page)
      .field("passage", passage.id)
      .field("section", passage.section)
      .field("text", passage.text)
      .field("label", passage.label)
      .field("score", passage.score)
      .key("stages")
      .object()
      .key("lexical")
      .object()
      .field("rank", hit.lexical_rank)
      .field("bm25", hit.bm25)
      .field("normalised", passage.lexical)
      .end()
      .key("dense")
      .object()
      .field("rank", hit.dense_rank)
      .field("cosine", passage.cosine)
      .field("normalised", passage.dense)
      .end()
      .field("hybrid", passage.score)
      .end()
      .end();
}

Task<Result<void>> search(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto query = text_field(*body, "query");
  if (!query) co_return pass(query);
  if (query->empty()) co_return fail(Code::invalid, "The query is empty.", "wrong_field");
  auto collections = text_list(*body, "collections");
  if (!collections) co_return pass(collections);
  auto limit = body->value("limit", nlohmann::json(10));
  if (!limit.is_number_integer())
    co_return fail(Code::invalid, "The field \"limit\" must be a number.", "wrong_field");
  auto count = static_cast<std::size_t>(std::clamp<std::int64_t>(limit.get<std::int64_t>(), 1, 50));
  auto answer =
      co_await call.services.library.search(call.who, std::move(*query), std::move(*collections), count);
  if (!answer) co_return pass(answer);
  JsonWriter json;
  json.object().key("results").array();
  for (const auto& hit : answer->results) write_hit(json, hit);
  json.end()
      .field("searched", answer->searched)
      .field("supported", answer->supported)
      .field("reason", answer->reason)
      .field("dense_available", answer->dense_available)
      .field("took_ms", static_cast<double>(answer->took_us) / 1000.0)
      .end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

std::string sample_json(const knowledge::SampleView& view) {
  JsonWriter json;
  json.object().field("state", view.state).field("collection", view.collection).key("questions").array();
  for (const auto& question : view.questions)
    json.object().field("language", question.language).field("text", question.text).end();
  return json.end().end().take();
}

Task<Result<void>> get_sample(Call& call) {
  auto view = co_await call.blocking([&] { return call.services.library.sample(call.who); });
  if (!view) co_return pass(view);
  auto sent = co_await call.send_json(200, sample_json(*view));
  co_return sent;
}

Task<Result<void>> load_sample(Call& call) {
  auto view = co_await call.blocking([&] { return call.services.library.load_sample(call.who); });
  if (!view) co_return pass(view);
  auto sent = co_await call.send_json(202, sample_json(*view));
  co_return sent;
}

}  // namespace

void add_collection_routes(Routes& routes) {
  routes.add({"GET", "/api/collections", Access::person, list_collections});
  routes.add({"POST", "/api/collections", Access::person, create_collection});
  routes.add({"GET", "/api/collections/{}", Access::person, get_collection});
  routes.add({"PATCH", "/api/collections/{}", Access::person, change_collection});
  routes.add({"DELETE", "/api/collections/{}", Access::person, delete_collection});
  routes.add({"POST", "/api/search", Access::person, search});
  routes.add({"GET", "/api/sample", Access::person, get_sample});
  routes.add({"POST", "/api/sample", Access::person, load_sample});
}

}  // namespace bastide::http_api
