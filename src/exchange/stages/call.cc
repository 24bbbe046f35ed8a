// 9. Calls the model, failing over in the route's order until a first event comes, never after. Where it was
// asked for, a model of another provider is called beside one that is slow to begin.
#include <algorithm>

#include "exchange/quoting.h"
#include "exchange/stages/calling.h"
#include "exchange/stages/hedging.h"
#include "exchange/stages/stages.h"
#include "exchange/stages/start.h"

namespace bastide::exchange {
namespace {

class TellSink final : public StartWatcher {
 public:
  explicit TellSink(Exchange& exchange) : exchange_(exchange) {}
  Task<Result<void>> on_place(QueuePlace place) override {
    auto told = co_await tell_place(exchange_, place);
    co_return told;
  }

 private:
  Exchange& exchange_;
};

class Call final : public Stage {
 public:
  Call(const policy::Router& router, Models& models, Knowledge& knowledge, Admission& admission,
       const FairGates* gates)
      : router_(router),
        models_(models),
        knowledge_(knowledge),
        admission_(admission),
        gates_(gates),
        hedging_({router, models, admission, gates}) {}
  [[nodiscard]] std::string_view name() const override { return "call"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.quoting) {
      trace.decision = "quotes";
      auto quoted = co_await answer_with_quotes(exchange, knowledge_);
      co_return quoted;
    }
    Error last{Code::unavailable, "No model could be called."};
    for (const auto& card : exchange.route.order) {
      if (exchange.hedge && exchange.hedge->second.id == card.id) continue;  // it was asked beside another
      auto started = co_await start(exchange, card, trace);
      if (started) {
        take(exchange, std::move(*started), trace);
        co_return Result<void>{};
      }
      last = std::move(started.error());
      if (!may_fail_over(exchange, card, last, trace)) break;
    }
    trace.decision = "failed";
    co_return std::unexpected(std::move(last));
  }

 private:
  [[nodiscard]] Task<Result<Started>> start(Exchange& exchange, const policy::ModelCard& card,
                                            StageTrace& trace) const {
    if (auto allowed = may_call(exchange, card, router_, admission_); !allowed) co_return pass(allowed);
    const bool leaves = router_.place(card.zone) != policy::Place::walls;
    if (leaves && !exchange.masked.empty() && exchange.sink) {
      auto told = co_await exchange.sink->on_masked(exchange.masked);
      if (!told) co_return pass(told);
    }
    const auto* beside = hedging_.second_of(exchange, card, trace);
    if (beside) {
      auto started = co_await hedging_.start(exchange, card, *beside, trace);
      co_return started;
    }
    TellSink watcher(exchange);
    auto started = co_await start_answering(models_, gates_, model_call(exchange, card, router_),
                                            exchange.stop, watcher);
    if (!started) co_return pass(started);
    co_return Started{&card, std::move(*started)};
  }

  void take(Exchange& exchange, Started started, StageTrace& trace) const {
    exchange.model = *started.by;
    if (router_.place(exchange.model.zone) == policy::Place::walls) exchange.restorer.reset();
    exchange.completion = std::move(started.completion);
    exchange.losses = exchange.completion->losses();
    for (const auto& loss : exchange.losses)
      trace.reasons.push_back("Not told to the model: " + loss.field + ". " + loss.sentence);
    if (const auto by = exchange.completion->computed().by; !by.empty())
      trace.reasons.push_back("Computed by " + by + ".");
    exchange.first_token_us =
        std::max(Micros(1), std::chrono::duration_cast<Micros>(Steady::now() - exchange.begun)).count();
    trace.decision = exchange.model.id;
  }

  const policy::Router& router_;
  Models& models_;
  Knowledge& knowledge_;
  Admission& admission_;
  const FairGates* gates_;
  Hedging hedging_;
};

}  // namespace

std::unique_ptr<Stage> call_stage(const policy::Router& router, Models& models, Knowledge& knowledge,
                                  Admission& admission, const FairGates* gates) {
  return std::make_unique<Call>(router, models, knowledge, admission, gates);
}

}  // namespace bastide::exchange
