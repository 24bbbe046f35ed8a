#include "app/gateway_receipts.h"

#include "base/log.h"

namespace bastide::app {
namespace {

using exchange::StageTrace;

// The decisions of the twelve stages, as the short way takes them.
std::vector<StageTrace> trace_of(const gateway::Passed& passed, const std::string& label) {
  std::vector<StageTrace> out;
  auto say = [&](std::string name, std::string decision, std::string reason = {}) {
    StageTrace stage{std::move(name), std::move(decision), {}, {}, 0};
    if (!reason.empty()) stage.reasons.push_back(std::move(reason));
    out.push_back(std::move(stage));
  };
  const auto& asked = passed.asked->card;
  say("identify", passed.who.key.empty() ? "session" : "key");
  say("admit", "admitted", "Within limits and budgets, the most that the call could cost included.");
  say("label", label, "The organisation's default.");
  if (passed.inspected)
    say("guard_in", "allow", "Nothing was found that must be masked or kept inside.");
  else
    say("guard_in", "not_needed", "The question stays within the walls.");
  say("retrieve", "not_asked");
  say("compose", "as_it_came",
      "The call passed as bytes; only the model's name was put in the provider's words.");
  say("route", asked.id, "Label " + label + " may go to " + asked.zone + ".");
  say("pseudonymise", passed.inspected ? "nothing_found" : "not_needed");
  if (passed.answered)
    say("call", passed.answered->card.id,
        passed.failovers == 0 ? "" : std::to_string(passed.failovers) + " providers failed before it.");
  else
    say("call", "failed", passed.error ? passed.error->message : "");
  say("guard_out", "as_it_came");
  say("record", "kept", "The receipt and its leaf in the audit log are durable.");
  say("deliver", passed.client_left ? "left" : "done", "To openai.");
  return out;
}

}  // namespace

void GatewayReceipts::add(gateway::Passed passed) {
  ++waiting_;
  if (passed.spent.nano_money > 0) {
    policy::Spend spend{passed.exchange,
                        year_month(passed.started_at),
                        {},
                        policy::from_amount(policy::Unit::money, passed.spent.nano_money)};
    for (const auto& each : passed.account->budgets(policy::Moment::now()))
      spend.scopes.push_back(each.scope);
    spend.scopes.push_back("model:" + passed.answered->card.id);
    ledger_.add(std::move(spend));
  }
  spawn_on(loop_, "gateway_receipt", keep(std::move(passed)));
}

Task<void> GatewayReceipts::keep(gateway::Passed passed) {
  exchange::Exchange exchange;
  exchange.id = passed.exchange;
  exchange.started_at = passed.started_at;
  exchange.ask.door = "openai";
  exchange.ask.model = passed.asked->card.id;
  exchange.label = labels_.default_label();
  exchange.label_reasons = {"The organisation's default."};
  exchange.candidates.push_back(
      {passed.asked->card.id, true, passed.answered == passed.asked ? "chosen" : "allowed", ""});
  for (const auto* other : passed.asked->fallback)
    exchange.candidates.push_back(
        {other->card.id, true, passed.answered == other ? "chosen" : "allowed", ""});
  if (passed.answered) {
    exchange.model = passed.answered->card;
    exchange.usage = {passed.tokens.input, passed.tokens.output, passed.tokens.cached_input,
                      passed.tokens_estimated};
    exchange.cost = policy::from_amount(policy::Unit::money, passed.spent.nano_money);
    exchange.cost_known = true;
    exchange.cost_estimated = passed.cost_estimated;
    exchange.energy =
        footprint_.of(exchange.model, exchange.usage, static_cast<double>(passed.took_us) / 1e6);
  }
  exchange.first_token_us = passed.first_byte_us;
  exchange.finish = passed.client_left ? exchange::Finish::cancelled
                    : passed.error     ? exchange::Finish::interrupted
                                       : exchange::Finish::stop;
  exchange.trace = trace_of(passed, labels_.id(exchange.label));
  auto json = exchange::receipt_json(exchange, labels_, passed.error ? &*passed.error : nullptr);
  auto kept = co_await records_.keep(passed.exchange, passed.who.person, std::move(json));
  --waiting_;
  if (!kept)
    log::error("receipt_not_kept", {{"exchange", passed.exchange}, {"code", code_name(kept.error().code)}});
}

}  // namespace bastide::app
