// 9. Calls the model, failing over in the route's order until a first event comes, never after.

#include <algorithm>

#include "base/log.h"
#include "exchange/prompt.h"
#include "exchange/quoting.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

// A completion whose first event was already taken, to know that the model answers.
class Primed final : public Completion {
 public:
  Primed(ModelEvent first, std::unique_ptr<Completion> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}
  Task<Result<ModelEvent>> next() override {
    if (first_) {
      auto event = std::move(*first_);
      first_.reset();
      co_return event;
    }
    auto event = co_await rest_->next();
    co_return event;
  }

 private:
  std::optional<ModelEvent> first_;
  std::unique_ptr<Completion> rest_;
};

class Call final : public Stage {
 public:
  Call(const policy::Router& router, Models& models, Knowledge& knowledge, Admission& admission)
      : router_(router), models_(models), knowledge_(knowledge), admission_(admission) {}
  [[nodiscard]] std::string_view name() const override { return "call"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.quoting) {
      trace.decision = "quotes";
      auto quoted = co_await answer_with_quotes(exchange, knowledge_);
      co_return quoted;
    }
    Error last{Code::unavailable, "No model could be called."};
    for (const auto& card : exchange.route.order) {
      auto started = co_await start(exchange, card);
      if (started) {
        exchange.model = card;
        if (router_.place(card.zone) == policy::Place::walls) exchange.restorer.reset();
        exchange.completion = std::move(*started);
        exchange.first_token_us =
            std::max(Micros(1), std::chrono::duration_cast<Micros>(Steady::now() - exchange.begun)).count();
        trace.decision = card.id;
        co_return Result<void>{};
      }
      last = std::move(started.error());
      ++exchange.failovers;
      if (last.code == Code::cancelled) break;
      trace.reasons.push_back(card.id + ": " + last.message);
      log::warn("model_call_failed", {{"exchange", exchange.id},
                                      {"model", card.id},
                                      {"code", code_name(last.code)},
                                      {"detail", last.detail}});
      if (last.code == Code::invalid) break;  // the request itself is wrong: another model would say the same
    }
    trace.decision = "failed";
    co_return std::unexpected(std::move(last));
  }

 private:
  [[nodiscard]] Task<Result<std::unique_ptr<Completion>>> start(Exchange& exchange,
                                                                const policy::ModelCard& card) const {
    bool leaves = router_.place(card.zone) != policy::Place::walls;
    // Belt and braces: the rule is asked once more where the bytes go out.
    if (!router_.allows(exchange.label, card.zone, card.id))
      co_return fail(Code::refused_by_policy, "The label may not go to " + card.id + ".",
                     "label_not_allowed");
    // The first of the route was paid for there; another is only called when budgets can pay it.
    if (exchange.admitted && card.id != exchange.model.id) {
      auto paid =
          admission_.choose(exchange, card, tokens_bound(exchange.prompt), answer_bound(exchange.ask, card));
      if (!paid) co_return pass(paid);
      exchange.model = card;
    }
    if (leaves && exchange.outgoing.empty())
      co_return fail(Code::refused_by_policy, "The question was not prepared to leave the walls.",
                     "not_pseudonymised");
    ModelCall call;
    call.model = card;
    call.messages = leaves ? exchange.outgoing : exchange.prompt;
    call.max_tokens = exchange.ask.max_tokens;
    call.temperature = exchange.ask.temperature;
    call.top_p = exchange.ask.top_p;
    call.seed = exchange.ask.seed;
    call.stop_words = exchange.ask.stop_words;
    call.extra_json = leaves ? exchange.outgoing_extra : exchange.ask.extra_json;
    if (leaves && !exchange.masked.empty() && exchange.sink) {
      auto told = co_await exchange.sink->on_masked(exchange.masked);
      if (!told) co_return pass(told);
    }
    auto completion = co_await models_.start(std::move(call), exchange.stop);
    if (!completion) co_return pass(completion);
    auto first = co_await (*completion)->next();
    if (!first) co_return pass(first);
    co_return std::make_unique<Primed>(std::move(*first), std::move(*completion));
  }

  const policy::Router& router_;
  Models& models_;
  Knowledge& knowledge_;
  Admission& admission_;
};
}  // namespace

std::unique_ptr<Stage> call_stage(const policy::Router& router, Models& models, Knowledge& knowledge,
                                  Admission& admission) {
  return std::make_unique<Call>(router, models, knowledge, admission);
}

}  // namespace bastide::exchange
