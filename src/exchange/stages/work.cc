// 9. The call of a model for what is no answer in words.
#include "exchange/work.h"

#include "exchange/stages/calling.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class DoWork final : public Stage {
 public:
  DoWork(const Rooms& rooms, Work& work) : rooms_(rooms), work_(work) {}
  [[nodiscard]] std::string_view name() const override { return "call"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.ask.capability.empty()) {
      auto done = co_await work_.ask({}, exchange.prompt, exchange.stop);
      trace.decision = "house";
      if (!done) co_return pass(done);
      co_return Result<void>{};
    }
    Error last{Code::unavailable, "No model could be called."};
    for (const auto& card : exchange.route.order) {
      auto done = co_await ask(exchange, card);
      if (done || work_.answering()) {
        exchange.model = card;
        if (done) exchange.usage = *done;
        exchange.first_token_us =
            std::max(Micros(1), std::chrono::duration_cast<Micros>(Steady::now() - exchange.begun)).count();
        for (const auto& loss : exchange.losses)
          trace.reasons.push_back("Not told to the model: " + loss.field + ". " + loss.sentence);
        trace.decision = card.id;
        if (!done) co_return pass(done);
        co_return Result<void>{};
      }
      last = std::move(done.error());
      if (!may_fail_over(exchange, card, last, trace)) break;
    }
    trace.decision = "failed";
    co_return std::unexpected(std::move(last));
  }

 private:
  [[nodiscard]] Task<Result<Usage>> ask(Exchange& exchange, const policy::ModelCard& card) const {
    if (auto allowed = may_call(exchange, card, rooms_.router, rooms_.admission); !allowed)
      co_return pass(allowed);
    auto places = co_await enter(rooms_.gates, card, exchange.who.priority);
    if (!places) co_return pass(places);
    const bool leaves = rooms_.router.place(card.zone) != policy::Place::walls;
    auto done =
        co_await work_.ask(card, leaves ? exchange.outgoing->messages : exchange.prompt, exchange.stop);
    co_return done;
  }

  const Rooms rooms_;
  Work& work_;
};
}  // namespace

std::unique_ptr<Stage> work_stage(const Rooms& rooms, Work& work) {
  return std::make_unique<DoWork>(rooms, work);
}

}  // namespace bastide::exchange
