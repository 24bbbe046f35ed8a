// 7. The smallest sufficient model that policy allows for this label; nothing allowed is a refusal, never a
// fallback.
#include "base/json.h"
#include "exchange/prompt.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

std::string candidates_json(const std::vector<policy::Candidate>& candidates) {
  JsonWriter json;
  json.object().key("candidates").array();
  for (const auto& candidate : candidates)
    json.object()
        .field("model", candidate.model)
        .field("allowed", candidate.allowed)
        .field("reason", candidate.reason)
        .field("text", candidate.text)
        .end();
  return json.end().end().take();
}

class RouteQuestion final : public Stage {
 public:
  RouteQuestion(const policy::Router& router, const policy::Labels& labels, Models& models)
      : router_(router), labels_(labels), models_(models) {}
  [[nodiscard]] std::string_view name() const override { return "route"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.quoting) {
      trace.decision = "no_model";
      trace.reasons.push_back("Quotes need no model.");
      co_return Result<void>{};
    }
    policy::RouteNeed need;
    need.model = exchange.ask.model;
    need.label = exchange.label;
    need.context_tokens = estimate_tokens(exchange.prompt) + answer_tokens(exchange.ask);
    need.documents = !exchange.retrieval.passages.empty();
    for (const auto& message : exchange.prompt)
      if (message.openai_json.find("image_url") != std::string::npos) {
        need.capabilities.emplace_back("vision");
        break;
      }
    auto route = router_.route(models_.catalogue(), need, exchange.candidates);
    trace.detail_json = candidates_json(exchange.candidates);

    // Without a model that can be believed about documents, the documents speak for themselves.
    bool believable = route && (!need.documents || route->order.front().answers_documents);
    bool refused = !route && route.error().code == Code::refused_by_policy;
    if (need.documents && !believable && !refused) {
      exchange.quoting = true;
      exchange.quoting_why = "no_model";
      trace.decision = "no_model";
      trace.reasons.push_back(
          "No model that is ready is large enough to be believed about documents: quotes instead.");
      co_return Result<void>{};
    }
    if (!route) {
      trace.decision = refused ? "refused" : "failed";
      co_return pass(route);
    }
    exchange.route = std::move(*route);
    exchange.model = exchange.route.order.front();
    trace.decision = exchange.model.id;
    trace.reasons.push_back("Label " + labels_.id(exchange.label) + " may go to " + exchange.model.zone +
                            ".");
    co_return Result<void>{};
  }

 private:
  const policy::Router& router_;
  const policy::Labels& labels_;
  Models& models_;
};
}  // namespace

std::unique_ptr<Stage> route_stage(const policy::Router& router, const policy::Labels& labels,
                                   Models& models) {
  return std::make_unique<RouteQuestion>(router, labels, models);
}

}  // namespace bastide::exchange
