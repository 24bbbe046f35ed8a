// 8. What leaves the walls carries pseudonyms instead of personal data.
#include <fmt/format.h>

#include <algorithm>

#include "exchange/prompt.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class Pseudonymise final : public Stage {
 public:
  Pseudonymise(const policy::Router& router, Guard& guard) : router_(router), guard_(guard) {}
  [[nodiscard]] std::string_view name() const override { return "pseudonymise"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    auto& order = exchange.route.order;
    auto leaves = [&](const policy::ModelCard& card) {
      return router_.place(card.zone) != policy::Place::walls;
    };
    if (std::ranges::none_of(order, leaves)) {
      trace.decision = "not_needed";
      trace.reasons.emplace_back("Nothing leaves the walls.");
      co_return Result<void>{};
    }
    // Pseudonyms hold for a conversation; a question without one gets a map of its own.
    auto scope = exchange.ask.conversation.empty() ? exchange.id : exchange.ask.conversation;
    auto done = co_await guard_.pseudonymise(scope, exchange.who.person, call_of(exchange));
    if (!done) {
      // What may not leave does not leave; a model within the walls that was next in line may still answer.
      std::erase_if(order, leaves);
      if (order.empty()) {
        trace.decision = "refused";
        co_return pass(done);
      }
      exchange.model = order.front();
      trace.decision = "kept_inside";
      trace.reasons.push_back(done.error().message);
      co_return Result<void>{};
    }
    exchange.outgoing = std::move(done->request);
    exchange.masked = std::move(done->masked);
    exchange.restorer = std::move(done->restorer);
    trace.decision = exchange.masked.empty() ? "nothing_found" : "masked";
    trace.reasons.push_back(
        fmt::format("{} values replaced before anything leaves.", exchange.masked.size()));
    co_return Result<void>{};
  }

 private:
  const policy::Router& router_;
  Guard& guard_;
};
}  // namespace

std::unique_ptr<Stage> pseudonymise_stage(const policy::Router& router, Guard& guard) {
  return std::make_unique<Pseudonymise>(router, guard);
}

}  // namespace bastide::exchange
