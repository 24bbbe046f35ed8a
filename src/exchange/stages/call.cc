// 9. Calls the model, failing over in the route's order until a first event comes, never after.

#include <algorithm>
#include <deque>

#include "exchange/prompt.h"
#include "exchange/queue_place.h"
#include "exchange/quoting.h"
#include "exchange/stages/calling.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t heads_max = 64;

// A completion whose first events were already taken, to know that the model answers.
class Primed final : public Completion {
 public:
  Primed(std::deque<dialects::StreamEvent> first, std::unique_ptr<Completion> rest, FairGates::Places places)
      : places_(std::move(places)), first_(std::move(first)), rest_(std::move(rest)) {}
  [[nodiscard]] const dialects::Losses& losses() const override { return rest_->losses(); }
  [[nodiscard]] Computed computed() const override { return rest_->computed(); }
  Task<Result<dialects::StreamEvent>> next() override {
    if (!first_.empty()) {
      auto event = std::move(first_.front());
      first_.pop_front();
      co_return event;
    }
    auto event = co_await rest_->next();
    co_return event;
  }

 private:
  FairGates::Places places_;  // as long as the answer runs
  std::deque<dialects::StreamEvent> first_;
  std::unique_ptr<Completion> rest_;
};

Caller caller_of(const Exchange& exchange) {
  Caller out;
  out.person = exchange.who.person;
  out.rights = exchange.who.organisation;
  for (const auto& group : exchange.who.groups) out.rights += "\n" + group;
  out.priority = exchange.who.priority;
  out.reads_documents = !exchange.retrieval.passages.empty();
  return out;
}

class Call final : public Stage {
 public:
  Call(const policy::Router& router, Models& models, Knowledge& knowledge, Admission& admission,
       const FairGates* gates)
      : router_(router), models_(models), knowledge_(knowledge), admission_(admission), gates_(gates) {}
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
        exchange.losses = exchange.completion->losses();
        for (const auto& loss : exchange.losses)
          trace.reasons.push_back("Not told to the model: " + loss.field + ". " + loss.sentence);
        if (const auto by = exchange.completion->computed().by; !by.empty())
          trace.reasons.push_back("Computed by " + by + ".");
        exchange.first_token_us =
            std::max(Micros(1), std::chrono::duration_cast<Micros>(Steady::now() - exchange.begun)).count();
        trace.decision = card.id;
        co_return Result<void>{};
      }
      last = std::move(started.error());
      if (!may_fail_over(exchange, card, last, trace)) break;
    }
    trace.decision = "failed";
    co_return std::unexpected(std::move(last));
  }

 private:
  [[nodiscard]] Task<Result<std::unique_ptr<Completion>>> start(Exchange& exchange,
                                                                const policy::ModelCard& card) const {
    if (auto allowed = may_call(exchange, card, router_, admission_); !allowed) co_return pass(allowed);
    const bool leaves = router_.place(card.zone) != policy::Place::walls;
    ModelCall call;
    call.model = card;
    call.request = leaves ? *exchange.outgoing : call_of(exchange);
    call.caller = caller_of(exchange);
    call.traceparent = exchange.span;
    if (leaves && !exchange.masked.empty() && exchange.sink) {
      auto told = co_await exchange.sink->on_masked(exchange.masked);
      if (!told) co_return pass(told);
    }
    auto places = co_await enter(gates_, card, exchange.who.priority);
    if (!places) co_return pass(places);
    auto completion = co_await models_.start(std::move(call), exchange.stop);
    if (!completion) co_return pass(completion);
    // Heads say nothing yet: a provider may still give up, and another model be asked.
    std::deque<dialects::StreamEvent> first;
    bool says_something = false;
    while (!says_something && first.size() < heads_max) {
      auto event = co_await (*completion)->next();
      if (!event) co_return pass(event);
      if (const auto place = queue_place_of(*event)) {
        auto told = co_await tell(exchange, *place);
        if (!told) co_return pass(told);
        continue;
      }
      says_something = !std::holds_alternative<dialects::Start>(*event) &&
                       !std::holds_alternative<dialects::UsageGiven>(*event);
      first.push_back(std::move(*event));
    }
    co_return std::make_unique<Primed>(std::move(first), std::move(*completion), std::move(*places));
  }

  [[nodiscard]] static Task<Result<void>> tell(Exchange& exchange, QueuePlace place) {
    if (!exchange.sink) co_return Result<void>{};
    StageTrace waits;
    waits.name = queue_stage;
    waits.decision = std::to_string(place.place);
    waits.reasons = {sentence_of(place)};
    auto told = co_await exchange.sink->on_stage(waits);
    co_return told;
  }

  const policy::Router& router_;
  Models& models_;
  Knowledge& knowledge_;
  Admission& admission_;
  const FairGates* gates_;
};
}  // namespace

std::unique_ptr<Stage> call_stage(const policy::Router& router, Models& models, Knowledge& knowledge,
                                  Admission& admission, const FairGates* gates) {
  return std::make_unique<Call>(router, models, knowledge, admission, gates);
}

}  // namespace bastide::exchange
