// 7. The smallest sufficient model that policy allows for this label; nothing allowed is a refusal, never a
// fallback. Here money is reserved, by what the chosen model may cost at most.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

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

bool is_image(const dialects::Part& part) {
  if (const auto* media = std::get_if<dialects::Media>(&part.content))
    return media->kind == dialects::Media::Kind::image;
  const auto* result = std::get_if<dialects::ToolResult>(&part.content);
  return result != nullptr && std::ranges::any_of(result->parts, is_image);
}

bool holds_image(const Message& message) { return std::ranges::any_of(message.parts, is_image); }

class RouteQuestion final : public Stage {
 public:
  RouteQuestion(const policy::Router& router, const policy::Labels& labels, Models& models,
                Admission& admission)
      : router_(router), labels_(labels), models_(models), admission_(admission) {}
  [[nodiscard]] std::string_view name() const override { return "route"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.quoting || exchange.ask.capability.empty()) {
      trace.decision = "no_model";
      trace.reasons.push_back(exchange.quoting ? "Quotes need no model." : "The house answers by itself.");
      co_return Result<void>{};
    }
    policy::RouteNeed need;
    need.model = exchange.ask.model;
    need.siblings = exchange.ask.siblings;
    need.label = exchange.label;
    need.capabilities = {exchange.ask.capability};
    // Who names a model is not refused by a guess: the model counts. Outside a conversation texts are read
    // one by one.
    if (wants_words(exchange.ask))
      need.context_tokens = wants_any_model(exchange.ask)
                                ? estimate_tokens(exchange.prompt) + answer_tokens(exchange.ask)
                                : least_tokens(exchange.prompt);
    need.documents = !exchange.retrieval.passages.empty();
    if (std::ranges::any_of(exchange.prompt, holds_image)) need.capabilities.emplace_back("vision");
    const auto catalogue = models_.catalogue();
    // Who names a model knows what it can do. Where no model is said to take tools, nothing is said of any.
    if (wants_any_model(exchange.ask)) {
      const auto takes_tools = [](const policy::ModelCard& card) { return card.can("tools"); };
      if (!exchange.ask.tools.empty() && std::ranges::any_of(catalogue, takes_tools))
        need.capabilities.emplace_back("tools");
      const auto keeps_schema = [](const policy::ModelCard& card) { return card.can("structured_output"); };
      if (exchange.ask.output.kind == dialects::OutputFormat::Kind::json_schema &&
          std::ranges::any_of(catalogue, keeps_schema))
        need.capabilities.emplace_back("structured_output");
      trace.reasons.push_back(fmt::format("Needed: {}; {} tokens of context.",
                                          fmt::join(need.capabilities, ", "), need.context_tokens));
    }
    auto route = router_.route(catalogue, need, exchange.candidates);
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
    if (auto kept = keep_to_key(exchange); !kept) {
      trace.decision = "refused";
      co_return pass(kept);
    }
    if (auto paid = choose(exchange); !paid) {
      trace.detail_json = candidates_json(exchange.candidates);
      trace.decision = "refused";
      co_return pass(paid);
    }
    trace.detail_json = candidates_json(exchange.candidates);
    exchange.model = exchange.route.order.front();
    trace.decision = exchange.model.id;
    trace.reasons.push_back("Label " + labels_.id(exchange.label) + " may go to " + exchange.model.zone +
                            ".");
    co_return Result<void>{};
  }

 private:
  /// A key that names models calls no other, not even to stand in.
  [[nodiscard]] static Result<void> keep_to_key(Exchange& exchange) {
    const auto& models = exchange.who.models;
    if (models.empty()) return {};
    auto& order = exchange.route.order;
    const auto allowed = [&](const policy::ModelCard& card) {
      return std::ranges::count(models, card.id) > 0;
    };
    const bool first = allowed(order.front());
    if (first || wants_any_model(exchange.ask)) std::erase_if(order, std::not_fn(allowed));
    if (!order.empty() && allowed(order.front())) {
      if (!first) mark(exchange, order.front().id, "chosen", "The first that the key may call.");
      return {};
    }
    return fail(Code::forbidden, "This key may not call that model.", "key_model",
                "Choose a model that the key allows, or make a key for this one.");
  }
  /// Reserves what the first model of the route may cost. When the caller left the choice to us, one that no
  /// budget can pay gives way to the next; one that was named does not.
  [[nodiscard]] Result<void> choose(Exchange& exchange) const {
    if (!exchange.admitted) return {};  // a preview
    auto& order = exchange.route.order;
    const auto input = input_bound(exchange);
    std::optional<Error> first;
    while (!order.empty()) {
      const auto& model = order.front();
      auto paid = pay(exchange, model, input);
      if (paid) {
        if (first) mark(exchange, model.id, "chosen", "The first that budgets can pay.");
        return {};
      }
      mark(exchange, model.id, "over_budget", paid.error().message);
      if (!first) first = std::move(paid.error());
      if (!wants_any_model(exchange.ask)) break;
      order.erase(order.begin());
    }
    return std::unexpected(std::move(*first));
  }
  /// Reserves the longest answer. Where nobody limits it and a budget does not allow it, a shorter one, which
  /// the model is told.
  [[nodiscard]] Result<void> pay(Exchange& exchange, const policy::ModelCard& model,
                                 std::int64_t input) const {
    constexpr std::int64_t cap_min = 256;
    exchange.answer_cap.reset();
    for (auto most = answer_bound(exchange, model);; most = std::max(cap_min, most / 2)) {
      auto paid = admission_.choose(exchange, model, input, most);
      const bool may_cap = !paid && paid.error().code == Code::budget_exhausted && most > cap_min &&
                           !exchange.ask.sampling.max_tokens;
      if (!may_cap) return paid;
      exchange.answer_cap = std::max(cap_min, most / 2);
    }
  }
  static void mark(Exchange& exchange, const std::string& model, std::string reason, std::string text) {
    for (auto* candidates : {&exchange.candidates, &exchange.route.candidates})
      for (auto& candidate : *candidates)
        if (candidate.model == model) {
          candidate.reason = reason;
          candidate.text = text;
        }
  }

  const policy::Router& router_;
  const policy::Labels& labels_;
  Models& models_;
  Admission& admission_;
};
}  // namespace

std::unique_ptr<Stage> route_stage(const policy::Router& router, const policy::Labels& labels, Models& models,
                                   Admission& admission) {
  return std::make_unique<RouteQuestion>(router, labels, models, admission);
}

}  // namespace bastide::exchange
