// The dialect of Gemini: models, generateContent whole and streamed, embeddings, counts.
#include "http_api/routes.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/model_calls/count.h"
#include "http_api/model_calls/embedding.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/model_calls/model_list.h"

namespace bastide::http_api {
namespace {

using nlohmann::json;

constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t requests_max = 2048;

Task<Result<void>> generate(Call& call) {
  auto answered = co_await answer_model_call(call, dialects::gemini_codec(),
                                             {.model = call.variables[0], .stream = false});
  co_return answered;
}

Task<Result<void>> stream(Call& call) {
  const auto& codec = call.query("alt") == "sse" ? dialects::gemini_codec() : dialects::gemini_list_codec();
  auto answered = co_await answer_model_call(call, codec, {.model = call.variables[0], .stream = true});
  co_return answered;
}

Task<Result<void>> count(Call& call) {
  auto tokens =
      co_await count_prompt(call, dialects::Dialect::gemini, {.model = call.variables[0], .stream = false});
  if (!tokens) co_return pass(tokens);
  JsonWriter out;
  auto sent = co_await call.send_json(200, out.object().field("totalTokens", *tokens).end().take());
  co_return sent;
}

/// One text to embed, and how.
struct Wanted {
  std::string text;
  exchange::Models::EmbedKind kind = exchange::Models::EmbedKind::raw;
  std::size_t dimension = 0;  // 0: the model's own
};

/// `request` in either of the spellings that Google's servers take.
const json* either(const json& request, const char* name, const char* other) {
  for (const char* each : {name, other})
    if (const auto found = request.find(each); found != request.end()) return &*found;
  return nullptr;
}

Result<Wanted> read_wanted(const json& request, const std::string& path) {
  using Kind = exchange::Models::EmbedKind;
  Wanted out;
  const auto* content = request.is_object() ? either(request, "content", "content") : nullptr;
  const auto* parts = content && content->is_object() ? either(*content, "parts", "parts") : nullptr;
  if (!parts || !parts->is_array() || parts->empty())
    return fail(Code::invalid, "\"" + path + "content\" must be a content with text parts.",
                "invalid_" + path + "content");
  for (const auto& part : *parts) {
    if (!part.is_object() || !part.contains("text") || !part["text"].is_string())
      return fail(Code::unsupported, "\"" + path + "content.parts\": only texts can be embedded.",
                  "field:" + path + "content.parts");
    out.text += part["text"].get_ref<const std::string&>();
  }
  if (const auto* task = either(request, "taskType", "task_type"))
    out.kind = *task == "RETRIEVAL_QUERY" || *task == "QUESTION_ANSWERING" ? Kind::query
               : *task == "RETRIEVAL_DOCUMENT"                             ? Kind::passage
                                                                           : Kind::raw;
  const auto* dimension = either(request, "outputDimensionality", "output_dimensionality");
  if (dimension && dimension->is_number_unsigned()) out.dimension = dimension->get<std::size_t>();
  return out;
}

void put_vector(JsonWriter& out, const std::vector<float>& vector) {
  out.object().key("values").array();
  for (const float x : vector) out.value(static_cast<double>(x));
  out.end().end();
}

Task<Result<std::vector<std::vector<float>>>> vectors_of(Call& call, std::vector<Wanted> wanted) {
  std::vector<std::string> texts;
  for (auto& each : wanted) texts.push_back(std::move(each.text));
  auto vectors = co_await embed_texts(call, call.variables[0], std::move(texts), wanted.front().kind);
  if (!vectors) co_return vectors;
  for (std::size_t i = 0; i < vectors->size(); ++i)
    if (wanted[i].dimension != 0 && wanted[i].dimension != (*vectors)[i].size())
      co_return fail(Code::unsupported,
                     "\"outputDimensionality\": this model's vectors have " +
                         std::to_string((*vectors)[i].size()) + " numbers.",
                     "field:outputDimensionality");
  co_return vectors;
}

Task<Result<void>> embed(Call& call) {
  auto body = co_await call.json_body(body_bytes_max);
  if (!body) co_return pass(body);
  auto wanted = read_wanted(*body, "");
  if (!wanted) co_return pass(wanted);
  std::vector<Wanted> one;
  one.push_back(std::move(*wanted));
  auto vectors = co_await vectors_of(call, std::move(one));
  if (!vectors) co_return pass(vectors);
  JsonWriter out;
  out.object().key("embedding");
  put_vector(out, vectors->front());
  auto sent = co_await call.send_json(200, out.end().take());
  co_return sent;
}

Task<Result<void>> embed_batch(Call& call) {
  auto body = co_await call.json_body(body_bytes_max);
  if (!body) co_return pass(body);
  const auto requests = body->find("requests");
  if (requests == body->end() || !requests->is_array() || requests->empty() ||
      requests->size() > requests_max)
    co_return fail(Code::invalid, "\"requests\" must be a list of 1 to 2,048 requests.", "invalid_requests");
  std::vector<Wanted> wanted;
  for (const auto& request : *requests) {
    auto one = read_wanted(request, "requests[" + std::to_string(wanted.size()) + "].");
    if (!one) co_return pass(one);
    wanted.push_back(std::move(*one));
  }
  auto vectors = co_await vectors_of(call, std::move(wanted));
  if (!vectors) co_return pass(vectors);
  JsonWriter out;
  out.object().key("embeddings").array();
  for (const auto& vector : *vectors) put_vector(out, vector);
  auto sent = co_await call.send_json(200, out.end().end().take());
  co_return sent;
}

}  // namespace

void add_gemini_routes(Routes& routes) {
  routes.add({"GET", "/v1beta/models", Access::person, list_models});
  routes.add({"GET", "/v1beta/models/{}", Access::person, get_model});
  routes.add({"POST", "/v1beta/models/{}:generateContent", Access::person, generate});
  routes.add({"POST", "/v1beta/models/{}:streamGenerateContent", Access::person, stream});
  routes.add({"POST", "/v1beta/models/{}:countTokens", Access::person, count});
  routes.add({"POST", "/v1beta/models/{}:embedContent", Access::person, embed});
  routes.add({"POST", "/v1beta/models/{}:batchEmbedContents", Access::person, embed_batch});
}

}  // namespace bastide::http_api
