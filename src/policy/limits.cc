#include "policy/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace bastide::policy {
namespace {

// Longer than any exchange runs: what is left of one that never settled.
constexpr auto running_max = std::chrono::hours(6);
constexpr auto sweep_every = std::chrono::minutes(1);
constexpr std::size_t running_each_max = 16 * 1024;  // a shard

TokenClasses classes_of(const exchange::Usage& usage) {
  TokenClasses tokens;
  tokens.input = usage.input_tokens;
  tokens.cached_input = usage.cached_input_tokens;
  tokens.output = usage.output_tokens;
  return tokens;
}

std::string budget_sentence(Account& account, Moment now) {
  for (const auto& each : account.budgets(now))
    for (const auto& state : each.states)
      if (state.budget.unit == Unit::money)
        return fmt::format("{:.4g} spent of {:.4g}, {:.4g} reserved for running calls.",
                           from_amount(Unit::money, state.spent), from_amount(Unit::money, state.budget.most),
                           from_amount(Unit::money, state.reserved));
  return {};
}

}  // namespace

Limiter::Limiter(Accounts& accounts, Ledger& ledger, Clock clock)
    : accounts_(accounts), ledger_(ledger), clock_(std::move(clock)) {}

Limiter::Shard& Limiter::shard(std::string_view exchange) {
  return shards_[std::hash<std::string_view>{}(exchange) % shards];
}

void Limiter::sweep(Shard& shard, Moment now) {
  if (now.steady - shard.swept < sweep_every) return;
  shard.swept = now.steady;
  for (auto it = shard.running.begin(); it != shard.running.end();) {
    if (now.steady - it->second.since < running_max) {
      ++it;
      continue;
    }
    it->second.account->settle(it->second.reservation, {}, now);
    it = shard.running.erase(it);
  }
}

Result<std::vector<std::string>> Limiter::admit(const exchange::Exchange& exchange, std::int64_t tokens) {
  const auto now = clock_();
  if (ledger_.full())
    return fail(Code::unavailable, "What is spent cannot be stored at the moment, so nothing more is spent.",
                "ledger_full",
                "Try again in a moment. If it stays, an administrator should look at the disk.");
  auto& mine = shard(exchange.id);
  const std::lock_guard lock(mine.mutex);
  sweep(mine, now);
  if (mine.running.contains(exchange.id)) return std::vector<std::string>{"Admitted before."};
  if (mine.running.size() >= running_each_max)
    return fail(Code::overloaded, "Too many questions are being answered.", "reservations_full",
                "Try again in a moment.");
  auto account = accounts_.account(exchange.who, exchange.ask.assistant, now);
  auto admitted = account->admit({.tokens = std::max<std::int64_t>(0, tokens), .requests = 1}, now);
  if (!admitted) return pass(admitted);
  std::vector<std::string> reasons;
  const auto rate = account->rate_state(now);
  reasons.push_back(
      fmt::format("Within {} requests and {} tokens a minute.", rate.limit_requests, rate.limit_tokens));
  if (auto budget = budget_sentence(*account, now); !budget.empty()) reasons.push_back(std::move(budget));
  mine.running.emplace(exchange.id, Running{std::move(account), *admitted, now.wall, now.steady});
  return reasons;
}

Result<void> Limiter::choose(const exchange::Exchange& exchange, const ModelCard& model,
                             std::int64_t input_tokens, std::int64_t output_tokens) {
  const auto now = clock_();
  auto& mine = shard(exchange.id);
  const std::lock_guard lock(mine.mutex);
  const auto found = mine.running.find(exchange.id);
  if (found == mine.running.end())
    return fail(Code::internal, "This exchange was not admitted.", "not_admitted");
  const auto& terms = accounts_.model(model, now);
  auto& running = found->second;
  return running.account->choose(running.reservation, terms,
                                 terms.bound(input_tokens, output_tokens, now.wall), now);
}

exchange::Cost Limiter::settle(const exchange::Exchange& exchange) {
  const auto now = clock_();
  auto& mine = shard(exchange.id);
  const std::lock_guard lock(mine.mutex);
  const auto found = mine.running.find(exchange.id);
  if (found == mine.running.end()) return {};
  auto& running = found->second;
  Amounts actual;
  exchange::Cost cost;
  const bool called = !exchange.model.id.empty() && exchange.first_token_us > 0;
  if (called) {
    const auto& terms = accounts_.model(exchange.model, now);
    actual = terms.spent(classes_of(exchange.usage), running.admitted_at);
    if (exchange.energy.wh_high > 0) actual.micro_wh = to_amount(Unit::energy, exchange.energy.wh_high);
    cost = {from_amount(Unit::money, actual.nano_money), true, terms.is_estimated(running.admitted_at)};
  }
  running.account->settle(running.reservation, actual, now);
  if (actual.nano_money > 0) {
    Spend spend{exchange.id, year_month(running.admitted_at), {}, cost.amount};
    for (const auto& each : running.account->budgets(now)) spend.scopes.push_back(each.scope);
    spend.scopes.push_back("model:" + exchange.model.id);
    ledger_.add(std::move(spend));
  }
  mine.running.erase(found);
  return cost;
}

}  // namespace bastide::policy
