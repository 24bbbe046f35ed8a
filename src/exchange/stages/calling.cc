#include "exchange/stages/calling.h"

#include "base/log.h"
#include "exchange/prompt.h"

namespace bastide::exchange {

Result<void> may_call(Exchange& exchange, const policy::ModelCard& card, const policy::Router& router,
                      Admission& admission) {
  if (!router.allows(exchange.label, card.zone, card.id))
    return fail(Code::refused_by_policy, "The label may not go to " + card.id + ".", "label_not_allowed");
  // The first of the route was paid for there; another is only called when budgets can pay it.
  if (exchange.admitted && card.id != exchange.model.id) {
    auto paid = admission.choose(exchange, card, input_bound(exchange), answer_bound(exchange, card));
    if (!paid) return paid;
    exchange.model = card;
  }
  if (router.place(card.zone) != policy::Place::walls && !exchange.outgoing)
    return fail(Code::refused_by_policy, "The question was not prepared to leave the walls.",
                "not_pseudonymised");
  return {};
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
