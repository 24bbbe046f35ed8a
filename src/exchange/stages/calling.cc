#include "exchange/stages/calling.h"

#include "base/log.h"
#include "exchange/prompt.h"

namespace bastide::exchange {
namespace {

Caller caller_of(const Exchange& exchange) {
  Caller out;
  out.person = exchange.who.person;
  out.organisation = out.rights = exchange.who.organisation;
  for (const auto& group : exchange.who.groups) out.rights += "\n" + group;
  out.priority = exchange.who.priority;
  out.reads_documents = !exchange.retrieval.passages.empty();
  return out;
}

}  // namespace

Result<void> may_leave(const Exchange& exchange, const policy::ModelCard& card,
                       const policy::Router& router) {
  if (!router.allows(exchange.label, card.zone, card.id))
    return fail(Code::refused_by_policy, "The label may not go to " + card.id + ".", "label_not_allowed");
  if (router.place(card.zone) != policy::Place::walls && !exchange.outgoing)
    return fail(Code::refused_by_policy, "The question was not prepared to leave the walls.",
                "not_pseudonymised");
  return {};
}

Result<void> may_call(Exchange& exchange, const policy::ModelCard& card, const policy::Router& router,
                      Admission& admission) {
  if (auto allowed = may_leave(exchange, card, router); !allowed) return allowed;
  // The first of the route was paid for there; another is only called when budgets can pay it.
  if (exchange.admitted && card.id != exchange.model.id) {
    auto paid = admission.choose(exchange, card, input_bound(exchange), answer_bound(exchange, card));
    if (!paid) return paid;
    exchange.model = card;
  }
  return {};
}

ModelCall model_call(const Exchange& exchange, const policy::ModelCard& card, const policy::Router& router) {
  ModelCall call;
  call.model = card;
  call.request = router.place(card.zone) != policy::Place::walls ? *exchange.outgoing : call_of(exchange);
  call.caller = caller_of(exchange);
  call.traceparent = exchange.span;
  return call;
}

Task<Result<void>> tell_place(Exchange& exchange, QueuePlace place) {
  if (!exchange.sink) co_return Result<void>{};
  StageTrace waits;
  waits.name = queue_stage;
  waits.decision = std::to_string(place.place);
  waits.reasons = {sentence_of(place)};
  auto told = co_await exchange.sink->on_stage(waits);
  co_return told;
}

Task<Result<FairGates::Places>> enter(const FairGates* gates, policy::ModelCard card,
                                      identity::Priority priority) {
  if (!gates) co_return FairGates::Places{};
  const auto kind = static_cast<FairGate::Kind>(priority);
  auto entered = co_await FairGates::enter(gates->of_model(card.id), gates->of_provider(card.provider), kind);
  co_return entered;
}

bool may_fail_over(Exchange& exchange, const policy::ModelCard& card, const Error& error, StageTrace& trace) {
  ++exchange.failovers;
  if (error.code == Code::cancelled) return false;
  trace.reasons.push_back(card.id + ": " + error.message);
  log::warn("model_call_failed", {{"exchange", exchange.id},
                                  {"model", card.id},
                                  {"code", code_name(error.code)},
                                  {"detail", error.detail}});
  return error.code != Code::invalid;  // the request itself is wrong: another model would say the same
}

}  // namespace bastide::exchange
