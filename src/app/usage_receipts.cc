#include "app/usage_receipts.h"

#include <algorithm>

#include "gateway/alias.h"
#include "guard/hit.h"
#include "guard/token_shape.h"

namespace bastide::app {
namespace {

using exchange::StageTrace;

// One entry a type: the row does not say how many of each there were, only that the first token of each was
// used.
void tell_found(exchange::Exchange& exchange, const policy::UsageRow& row) {
  for (std::size_t i = 0; i < guard::type_count; ++i) {
    if ((row.found() >> i & 1U) == 0) continue;
    const auto type = static_cast<guard::Type>(i);
    exchange::Finding found;
    found.type = guard::type_name(type);
    exchange.findings.push_back(found);
    if (row.flags & policy::usage_flag::masked)
      exchange.masked.push_back({found.type, guard::token_text(guard::kind_of(type), 1), {}});
  }
}

// The decisions of the twelve stages, as the short way takes them.
std::vector<StageTrace> trace_of(const exchange::Exchange& exchange, const policy::UsageRow& row,
                                 const std::string& asked, const std::string& label, const std::string& error,
                                 const std::string& reason) {
  std::vector<StageTrace> out;
  auto say = [&](std::string name, std::string decision, std::string reason = {}) {
    StageTrace stage{std::move(name), std::move(decision), {}, {}, 0};
    if (!reason.empty()) stage.reasons.push_back(std::move(reason));
    out.push_back(std::move(stage));
  };
  const auto& model = exchange.model;
  const bool leaves = !model.id.empty() && model.zone != "walls";
  say("identify", row.key ? "key" : "session");
  say("admit", "admitted", "Within limits and budgets, the most that the call could cost included.");
  say("label", label, "The organisation's default.");
  if (row.found() == 0)
    say("guard_in", "allow",
        "Nothing was found that must be masked or kept inside, or the key leaves the guard out.");
  else
    say("guard_in", "mask");
  say("retrieve", "not_asked");
  const bool translated = row.dialect_in != row.dialect_out && row.dialect_out != 0;
  if (translated)
    say("compose", "translated", "Put into the words of the provider's dialect.");
  else if (row.flags & policy::usage_flag::masked)
    say("compose", "rewritten", "Read and written again in the provider's dialect, with tokens in it.");
  else
    say("compose", "as_it_came",
        "The call passed as bytes; only the model's name was put in the provider's words.");
  if (row.flags & policy::usage_flag::warned)
    out.back().reasons.emplace_back(
        "What that dialect has no word for was left out; the answer's header x-bastide-warning named it.");
  say("route", asked, model.id.empty() ? "" : "Label " + label + " may go to " + model.zone + ".");
  for (const auto why :
       {gateway::Alias::Why::turn, gateway::Alias::Why::prefix, gateway::Alias::Why::least_busy})
    if (reason == gateway::name_of(why)) out.back().reasons.push_back(gateway::sentence_of(why));
  const bool masked = (row.flags & policy::usage_flag::masked) != 0;
  if (masked)
    say("pseudonymise", "masked", "Tokens left in the place of what was found; they held for this call.");
  else
    say("pseudonymise", leaves ? "nothing_found" : "not_needed");
  if (row.flags & policy::usage_flag::cache_hit)
    say("call", "cached", "The same question was answered before, for the same rights; no model was called.");
  else
    say("call", model.id.empty() ? "failed" : model.id,
        row.failovers == 0 ? "" : std::to_string(row.failovers) + " failed before.");
  say("guard_out", masked ? "restored" : translated ? "translated" : "as_it_came");
  say("record", "kept", "The call's row is in the usage log.");
  say("deliver", error.empty() ? "done" : error, "To " + exchange.ask.door + ".");
  return out;
}

}  // namespace

Result<std::string> UsageReceipts::receipt(std::string_view id, const identity::Principal& who) const {
  auto found = log_.find(id);
  if (!found) return pass(found);
  if (!*found || (log_.words().text((*found)->person) != who.person && !who.is_admin()))
    return fail(Code::not_found, "There is no such exchange.", "exchange_not_found");
  const auto& row = **found;
  auto word = [this](policy::Word number) { return log_.words().text(number); };
  exchange::Exchange exchange;
  exchange.id = id;
  exchange.started_at = row.at_ms;
  exchange.took_ms = row.latency_us / 1000;
  exchange.ask.door = word(row.door);
  exchange.label = labels_.find_or_highest(word(row.label));
  exchange.label_reasons = {"The organisation's default."};
  tell_found(exchange, row);
  const auto asked = word(row.model_asked);
  if (const auto model = word(row.model); !model.empty()) {
    const auto cards = models_.catalogue();
    const auto card = std::ranges::find(cards, model, &policy::ModelCard::id);
    if (card != cards.end()) exchange.model = *card;
    exchange.model.id = model;
    exchange.model.zone = word(row.zone);
    const auto tokens = row.tokens();
    using namespace policy::usage_flag;
    exchange.usage = {tokens.input, tokens.output, tokens.cached_input, (row.flags & tokens_estimated) != 0};
    exchange.cost = policy::from_amount(policy::Unit::money, row.nano_money);
    exchange.cost_known = true;
    exchange.cost_estimated = (row.flags & cost_estimated) != 0;
    exchange.energy =
        footprint_.of(exchange.model, exchange.usage, static_cast<double>(row.latency_us) / 1e6, {});
  }
  exchange.candidates.push_back({asked, true, exchange.model.id == asked ? "chosen" : "failed", ""});
  if (!exchange.model.id.empty() && exchange.model.id != asked)
    exchange.candidates.push_back({exchange.model.id, true, "chosen", "The first that answered."});
  exchange.first_token_us = row.first_token_us;
  const auto error = word(row.error);
  exchange.finish = error == "client_left" ? exchange::Finish::cancelled
                    : error.empty()        ? exchange::Finish::stop
                                           : exchange::Finish::interrupted;
  exchange.trace = trace_of(exchange, row, asked, labels_.id(exchange.label), error, word(row.reason));
  return exchange::receipt_json(exchange, labels_);
}

}  // namespace bastide::app
