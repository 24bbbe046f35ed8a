// The dialect of OpenAI: models, chat completions, embeddings, and search over collections as vector stores.
#include "http_api/routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "dialects/infill.h"
#include "http_api/model_calls/embedding.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/model_calls/model_list.h"
#include "http_api/model_calls/ranking.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t inputs_max = 2048;

Task<Result<void>> chat_completions(Call& call) {
  auto answered = co_await answer_model_call(call, dialects::openai_codec(), {});
  co_return answered;
}

Task<Result<void>> fill_gap(Call& call) {
  auto answered = co_await answer_model_call(call, dialects::mistral_fim_codec(), {});
  co_return answered;
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
  std::int64_t tokens = 0;
  for (const auto& text : *inputs) tokens += static_cast<std::int64_t>(text.size() + 2) / 3;
  auto vectors = co_await embed_texts(call, *model, std::move(*inputs), exchange::Models::EmbedKind::raw);
  if (!vectors) co_return pass(vectors);
  bool as_base64 = body->value("encoding_format", nlohmann::json("float")) == "base64";
  JsonWriter json;
  // Mistral's SDK wants an id.
  json.object().field("id", new_id("emb")).field("object", "list").field("model", *model).key("data").array();
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
  routes.add({"POST", "/v1/fim/completions", Access::person, fill_gap});
  routes.add({"POST", "/v1/embeddings", Access::person, embeddings});
  routes.add({"POST", "/v1/rerank", Access::person, rerank});
  routes.add({"POST", "/v2/rerank", Access::person, rerank});  // where Cohere's SDK asks
  routes.add({"GET", "/v1/vector_stores", Access::person, list_stores});
  routes.add({"POST", "/v1/vector_stores/{}/search", Access::person, search_store});
}

}  // namespace bastide::http_api
