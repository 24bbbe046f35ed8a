#include "http_api/model_calls/ranking.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "http_api/model_calls/stop_with_key.h"
#include "policy/rate_headers.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t documents_max = 1000;

std::unexpected<Error> wrong(std::string_view field, std::string_view expected) {
  return fail(Code::invalid,
              "The field \"" + std::string(field) + "\" must be " + std::string(expected) + ".",
              "invalid_" + std::string(field));
}

struct RankRequest {
  std::string model, query;
  std::vector<std::string> documents;
  std::size_t top_n = 0;
  bool return_documents = false;
  std::optional<std::string> label;
};

Result<std::vector<std::string>> documents_of(const nlohmann::json& body) {
  const auto expected = "a list of 1 to 1,000 texts, or objects with a \"text\"";
  const auto given = body.find("documents");
  if (given == body.end() || !given->is_array() || given->empty() || given->size() > documents_max)
    return wrong("documents", expected);
  std::vector<std::string> out;
  for (const auto& each : *given) {
    const auto text = each.is_object() ? each.find("text") : each.end();
    if (each.is_string())
      out.push_back(each.get<std::string>());
    else if (each.is_object() && text != each.end() && text->is_string())
      out.push_back(text->get<std::string>());
    else
      return wrong("documents", expected);
  }
  return out;
}

Result<RankRequest> request_of(const nlohmann::json& body) {
  RankRequest out;
  // What would change the result must not be passed over in silence.
  for (const char* field : {"rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"})
    if (const auto given = body.find(field); given != body.end() && !given->is_null())
      return fail(Code::unsupported, "The field \"" + std::string(field) + "\" is not known here.",
                  "field:" + std::string(field), "Leave it out.");
  auto model = text_field(body, "model");
  if (!model) return pass(model);
  out.model = std::move(*model);
  auto query = text_field(body, "query");
  if (!query) return pass(query);
  if (query->empty()) return wrong("query", "a text");
  out.query = std::move(*query);
  auto documents = documents_of(body);
  if (!documents) return pass(documents);
  out.documents = std::move(*documents);
  out.top_n = out.documents.size();
  if (const auto top = body.find("top_n"); top != body.end() && !top->is_null()) {
    if (!top->is_number_integer() || top->get<std::int64_t>() < 1) return wrong("top_n", "a number from 1");
    out.top_n = std::min(out.top_n, static_cast<std::size_t>(top->get<std::int64_t>()));
  }
  if (const auto wanted = body.find("return_documents"); wanted != body.end() && !wanted->is_null()) {
    if (!wanted->is_boolean()) return wrong("return_documents", "true or false");
    out.return_documents = wanted->get<bool>();
  }
  if (const auto own = body.find("bastide"); own != body.end() && own->is_object()) {
    auto label = maybe_text(*own, "label");
    if (!label) return pass(label);
    out.label = std::move(*label);
  }
  return out;
}

/// The messages are the documents, then the query.
class RankWork final : public exchange::Work {
 public:
  explicit RankWork(exchange::Models& models) : models_(models) {}
  Task<Result<exchange::Usage>> ask(policy::ModelCard model, std::vector<exchange::Message> messages,
                                    std::stop_token stop) override {
    std::vector<std::string> texts;
    for (const auto& message :
         messages)  // pseudonyms come with a word to models that write: not for this one
      if (message.role == exchange::Role::user) texts.push_back(dialects::text_of(message));
    auto query = std::move(texts.back());
    texts.pop_back();
    auto ranked = co_await models_.rerank(std::move(model), std::move(query), std::move(texts), stop);
    if (!ranked) co_return pass(ranked);
    exchange::Usage usage;
    usage.input_tokens = ranked->tokens;
    ranking = std::move(*ranked);
    co_return usage;
  }
  exchange::Ranking ranking;

 private:
  exchange::Models& models_;
};

std::string answer_json(const RankRequest& request, const exchange::Exchange& exchange,
                        const exchange::Ranking& ranking) {
  std::vector<std::size_t> order(ranking.relevance.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(-ranking.relevance[i], i); });
  order.resize(request.top_n);
  JsonWriter json;
  json.object().field("id", exchange.id).field("object", "list").field("model", exchange.model.id);
  json.key("results").array();
  for (const auto i : order) {
    json.object().field("index", i).field("relevance_score", static_cast<double>(ranking.relevance[i]));
    if (request.return_documents) json.key("document").object().field("text", request.documents[i]).end();
    json.end();
  }
  const auto tokens = exchange.usage.input_tokens;
  json.end().key("usage").object().field("prompt_tokens", tokens).field("total_tokens", tokens).end();
  json.key("bastide").object().field("exchange", exchange.id).field("documents_cut", ranking.documents_cut);
  return json.end().end().take();
}

}  // namespace

Task<Result<void>> rerank(Call& call) {
  auto body = co_await call.json_body(body_bytes_max);
  if (!body) co_return pass(body);
  auto request = request_of(*body);
  if (!request) co_return pass(request);
  body = nlohmann::json();
  exchange::Exchange exchange;
  exchange.id = new_id("ex");
  exchange.who = call.who;
  exchange.ask.door = "rerank";
  exchange.ask.language = call.language;
  exchange.ask.capability = "rerank";
  exchange.ask.model = request->model;
  exchange.ask.label = request->label;
  exchange.ask.sampling.max_tokens = 0;  // nothing is written
  for (const auto& document : request->documents)
    exchange.ask.messages.push_back(dialects::text_message(dialects::Role::user, document));
  exchange.ask.messages.push_back(dialects::text_message(dialects::Role::user, request->query));
  StopWithKey stop(call);
  std::optional<Error> key_over;
  stop.on_key_over([&](Error error) { key_over = std::move(error); });
  exchange.stop = stop.token();
  RankWork work(call.services.models);
  auto done = co_await call.services.pipeline.run(exchange, work);
  const auto now = policy::Moment::now();
  auto lines = policy::rate_headers(*call.services.accounts.account(exchange.who, {}, now),
                                    policy::RateStyle::openai, now);
  if (!done) {
    if (key_over) done = std::unexpected(std::move(*key_over));
    if (done.error().code == Code::cancelled) co_return done;
    auto told = co_await call.send_error(done.error(), exchange.id, std::move(lines));
    co_return told;
  }
  net::Headers headers{{"x-bastide-exchange", exchange.id}};
  headers.add_lines(std::move(lines));
  auto sent = co_await call.send_json(200, answer_json(*request, exchange, work.ranking), std::move(headers));
  co_return sent;
}

}  // namespace bastide::http_api
