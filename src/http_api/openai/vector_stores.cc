#include "http_api/openai/vector_stores.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "http_api/openai/search_filter.h"
#include "http_api/routes.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t files_at_once_max = 100;
constexpr std::size_t queries_max = 5;
constexpr std::int64_t hits_max = 50;

void write_store(JsonWriter& json, const knowledge::CollectionView& view,
                 const knowledge::DocumentCounts& counts) {
  using enum knowledge::DocumentState;
  const auto in_progress = counts.at(queued) + counts.at(parsing) + counts.at(embedding);
  json.object()
      .field("id", view.id)
      .field("object", "vector_store")
      .field("name", view.name)
      .field("created_at", view.created_at / 1000)
      .field("status", in_progress == 0 ? "completed" : "in_progress")
      .key("metadata")
      .object()
      .end();
  write_counts(json, counts);
  json.end();
}

Result<std::string> store_json(Call& call, const std::string& id) {
  auto view = call.services.library.collection(call.who, id);
  if (!view) return pass(view);
  auto counts = call.services.library.count_documents(call.who, id);
  if (!counts) return pass(counts);
  JsonWriter json;
  write_store(json, *view, *counts);
  return json.take();
}

/// What a store of ours does not keep.
Result<void> check_store(const nlohmann::json& body) {
  for (const auto* field : {"metadata", "expires_after", "description"})
    if (auto said = refuse_said(body, field, "Collections of this house keep no such thing."); !said)
      return said;
  const auto chunking = body.find("chunking_strategy");
  const bool is_ours =
      chunking == body.end() || chunking->is_null() || chunking->value("type", nlohmann::json()) == "auto";
  if (is_ours) return {};
  return fail(Code::unsupported, "\"chunking_strategy\": documents are cut by the house's own rules.",
              "field:chunking_strategy", "Leave the field out.");
}

Task<Result<void>> list_stores(Call& call) {
  if (call.query("order") == "asc" || !call.query("before").empty())
    co_return fail(Code::unsupported, "Vector stores are listed from the newest on.", "field:order",
                   "Leave order and before out.");
  knowledge::ListQuery query{"", call.query("after"), call.limit(20)};
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto page = call.services.library.collections(call.who, query);
    if (!page) return pass(page);
    JsonWriter out;
    out.object().field("object", "list").key("data").array();
    for (const auto& view : page->items) {
      auto counts = call.services.library.count_documents(call.who, view.id);
      if (!counts) return pass(counts);
      write_store(out, view, *counts);
    }
    out.end();
    const bool any = !page->items.empty();
    end_list(out, any ? page->items.front().id : "", any ? page->items.back().id : "",
             page->next.has_value());
    return out.end().take();
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> create_store(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  if (auto fits = check_store(*body); !fits) co_return fits;
  auto name = text_field(*body, "name");
  if (!name) co_return pass(name);
  auto files = text_list(*body, "file_ids");
  if (!files) co_return pass(files);
  if (files->size() > files_at_once_max)
    co_return fail(Code::invalid, "\"file_ids\" must be at most 100 files.", "invalid_file_ids");
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto id =
        call.services.library.create_collection(call.who, {name->empty() ? "Vector store" : *name, {}, {}});
    if (!id) return pass(id);
    note(call, "collection_created", call.who.person, *id);
    for (const auto& file : *files)
      if (auto added = attach(call, *id, file); !added) return pass(added);
    return store_json(call, *id);
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> get_store(Call& call) {
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = store_of(call);
    if (!view) return pass(view);
    return store_json(call, view->id);
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> change_store(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  if (auto fits = check_store(*body); !fits) co_return fits;
  auto name = maybe_text(*body, "name");
  if (!name) co_return pass(name);
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = store_of(call);
    if (!view) return pass(view);
    auto changed = call.services.library.change_collection(call.who, view->id, {*name, {}, {}});
    if (!changed) return pass(changed);
    note(call, "collection_changed", call.who.person, view->id);
    return store_json(call, view->id);
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> delete_store(Call& call) {
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = store_of(call);
    if (!view) return pass(view);
    auto deleted = call.services.library.delete_collection(call.who, view->id);
    if (!deleted) return pass(deleted);
    note(call, "collection_deleted", call.who.person, view->id);
    JsonWriter out;
    out.object().field("id", view->id).field("object", "vector_store.deleted").field("deleted", true);
    return out.end().take();
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

void write_hit(JsonWriter& json, const knowledge::SearchHit& hit) {
  const auto& passage = hit.passage;
  json.object()
      .field("file_id", passage.document)
      .field("filename", passage.title)
      .field("score", passage.score)
      .key("attributes")
      .object()
      .field("page", passage.page)
      .field("passage", passage.id)
      .field("label", passage.label)
      .end();
  json.key("content").array().object().field("type", "text").field("text", passage.text).end().end().end();
}

/// A text, or a list of them.
Result<std::vector<std::string>> queries_of(const nlohmann::json& body) {
  std::vector<std::string> out;
  const auto query = body.find("query");
  if (query != body.end() && query->is_array()) {
    auto list = text_list(body, "query");
    if (!list) return pass(list);
    out = std::move(*list);
  } else {
    auto one = text_field(body, "query");
    if (!one) return pass(one);
    out.push_back(std::move(*one));
  }
  const bool fits = !out.empty() && out.size() <= queries_max &&
                    std::ranges::none_of(out, [](const auto& text) { return text.empty(); });
  if (!fits) return fail(Code::invalid, "\"query\" must be a text or 1 to 5 texts.", "invalid_query");
  return out;
}

Task<Result<void>> search_store(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto queries = queries_of(*body);
  if (!queries) co_return pass(queries);
  auto filter = SearchFilter::read(*body);
  if (!filter) co_return pass(filter);
  if (body->value("rewrite_query", nlohmann::json(false)) == true)
    co_return fail(Code::unsupported, "\"rewrite_query\": questions are searched as they are.",
                   "field:rewrite_query", "Leave the field out.");
  const auto limit = body->value("max_num_results", nlohmann::json(10));
  if (!limit.is_number_integer() || limit < 1 || limit > hits_max)
    co_return fail(Code::invalid, "\"max_num_results\" must be a number from 1 to 50.",
                   "invalid_max_num_results");
  const auto count = static_cast<std::size_t>(limit.get<std::int64_t>());
  auto store = co_await call.blocking([&] { return store_of(call); });
  if (!store) co_return pass(store);
  std::vector<knowledge::SearchHit> hits;
  // What a filter drops makes room for what comes behind.
  const auto wanted = filter->is_empty() ? count : static_cast<std::size_t>(hits_max);
  for (const auto& query : *queries) {
    auto answer = co_await call.services.library.search(call.who, query, {store->id}, wanted);
    if (!answer) co_return pass(answer);
    for (auto& hit : answer->results) {
      const auto known =
          std::ranges::any_of(hits, [&](const auto& other) { return other.passage.id == hit.passage.id; });
      if (!known && filter->lets_pass(hit)) hits.push_back(std::move(hit));
    }
  }
  std::ranges::sort(hits, {}, [](const auto& hit) { return std::pair(-hit.passage.score, hit.passage.id); });
  if (hits.size() > count) hits.resize(count);
  JsonWriter json;
  json.object().field("object", "vector_store.search_results.page").key("search_query");
  json.array();
  for (const auto& query : *queries) json.value(query);
  json.end().key("data").array();
  for (const auto& hit : hits) write_hit(json, hit);
  json.end().field("has_more", false).key("next_page").null().end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

}  // namespace

Task<Result<void>> send(Call& call, Result<std::string> json) {
  if (!json) co_return pass(json);
  auto sent = co_await call.send_json(200, std::move(*json));
  co_return sent;
}

Result<knowledge::CollectionView> store_of(Call& call) {
  return call.services.library.find_collection(call.who, call.variables[0]);
}

Result<void> refuse_said(const nlohmann::json& body, std::string_view field, std::string_view sentence) {
  const auto found = body.find(field);
  if (found == body.end() || found->is_null() || (found->is_structured() && found->empty()) || *found == "")
    return {};
  return fail(Code::unsupported, "\"" + std::string(field) + "\": " + std::string(sentence),
              "field:" + std::string(field), "Leave the field out.");
}

void write_counts(JsonWriter& json, const knowledge::DocumentCounts& counts) {
  using enum knowledge::DocumentState;
  const auto in_progress = counts.at(queued) + counts.at(parsing) + counts.at(embedding);
  json.key("file_counts")
      .object()
      .field("in_progress", in_progress)
      .field("completed", counts.at(ready))
      .field("failed", counts.at(failed))
      .field("cancelled", 0)
      .field("total", in_progress + counts.at(ready) + counts.at(failed))
      .end();
}

void end_list(JsonWriter& json, std::string_view first, std::string_view last, bool has_more) {
  json.key("first_id");
  first.empty() ? json.null() : json.value(first);
  json.key("last_id");
  last.empty() ? json.null() : json.value(last);
  json.field("has_more", has_more);
}

void add_vector_store_routes(Routes& routes) {
  routes.add({"GET", "/v1/vector_stores", Access::person, list_stores});
  routes.add({"POST", "/v1/vector_stores", Access::person, create_store});
  routes.add({"GET", "/v1/vector_stores/{}", Access::person, get_store});
  routes.add({"POST", "/v1/vector_stores/{}", Access::person, change_store});
  routes.add({"DELETE", "/v1/vector_stores/{}", Access::person, delete_store});
  routes.add({"POST", "/v1/vector_stores/{}/search", Access::person, search_store});
}

}  // namespace bastide::http_api
