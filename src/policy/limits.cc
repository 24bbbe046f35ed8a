#include "policy/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace bastide::policy {
namespace {

// Longer than any exchange runs: what is left of one that never settled.
constexpr auto running_max = std::chrono::hours(6);
constexpr auto sweep_every = std::chrono::minutes(1);
constexpr std::uint16_t gave_up = 499;               // as a status: who asked went away
constexpr std::size_t running_each_max = 16 * 1024;  // a shard

TokenClasses classes_of(const exchange::Usage& usage) {
  TokenClasses tokens;
  tokens.input = usage.input_tokens;
  tokens.cached_input = usage.cached_input_tokens;
  tokens.cache_write = usage.cache_write_tokens;
  tokens.audio_input = usage.audio_input_tokens;
  tokens.image_input = usage.image_input_tokens;
  tokens.output = usage.output_tokens;
  tokens.reasoning = usage.reasoning_tokens;
  tokens.audio_output = usage.audio_output_tokens;
  tokens.image_output = usage.image_output_tokens;
  tokens.audio_ms = usage.audio_ms;
  tokens.characters = usage.characters;
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

std::uint32_t microseconds(std::int64_t us) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX));
}

}  // namespace

Limiter::Limiter(Accounts& accounts, UsageLog& log, const Labels& labels, Clock clock)
    : accounts_(accounts), log_(log), labels_(labels), writer_(log.writer()), clock_(std::move(clock)) {}

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
    it->second.account->settle(it->second.beside, {}, now);
    it = shard.running.erase(it);
  }
}

Result<std::vector<std::string>> Limiter::admit(const exchange::Exchange& exchange, std::int64_t tokens) {
  const auto now = clock_();
  if (log_.full())
    return fail(Code::unavailable, "What is spent cannot be stored at the moment, so nothing more is spent.",
                "usage_full",
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
  mine.running.emplace(exchange.id, Running{std::move(account), *admitted, {}, now.wall, now.steady});
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
  return running.account->choose(
      running.reservation, terms,
      terms.bound(input_tokens, output_tokens, now.wall, exchange.ask.audio_ms_max, exchange.ask.characters),
      now);
}

Result<void> Limiter::choose_beside(const exchange::Exchange& exchange, const ModelCard& model,
                                    std::int64_t input_tokens, std::int64_t output_tokens) {
  const auto now = clock_();
  auto& mine = shard(exchange.id);
  const std::lock_guard lock(mine.mutex);
  const auto found = mine.running.find(exchange.id);
  if (found == mine.running.end() || found->second.beside.open)
    return fail(Code::internal, "This exchange was not admitted, or asked two models already.",
                "not_admitted");
  auto& running = found->second;
  const auto& terms = accounts_.model(model, now);
  auto admitted = running.account->admit(
      terms.bound(input_tokens, output_tokens, now.wall, exchange.ask.audio_ms_max, exchange.ask.characters),
      now, &terms);
  if (!admitted) return pass(admitted);
  running.beside = *admitted;
  return {};
}

exchange::Cost Limiter::settle(const exchange::Exchange& exchange) {
  const auto now = clock_();
  auto& mine = shard(exchange.id);
  std::optional<Running> running;
  {
    const std::lock_guard lock(mine.mutex);
    if (const auto found = mine.running.find(exchange.id); found != mine.running.end()) {
      running = std::move(found->second);
      mine.running.erase(found);
    }
  }
  if (!running) {
    if (!exchange.admitted)
      write_row(exchange, *accounts_.account(exchange.who, exchange.ask.assistant, now), nullptr, {},
                now.wall);
    return {};
  }
  Amounts actual;
  exchange::Cost cost;
  const ModelTerms* terms = nullptr;
  if (!exchange.model.id.empty() && exchange.first_token_us > 0) {
    terms = &accounts_.model(exchange.model, now);
    actual = terms->spent(classes_of(exchange.usage), running->admitted_at);
    if (exchange.energy.wh_high > 0) actual.micro_wh = to_amount(Unit::energy, exchange.energy.wh_high);
    cost = {from_amount(Unit::money, actual.nano_money), true, terms->is_estimated(running->admitted_at)};
  }
  // The row first: should the process end between the two, what was spent is not forgotten.
  write_row(exchange, *running->account, terms, actual, running->admitted_at);
  const auto lost = write_lost(exchange, *running, now);
  const bool other_won = running->beside.open && running->beside.terms->id == exchange.model.id;
  running->account->settle(running->reservation, other_won ? lost : actual, now);
  running->account->settle(running->beside, other_won ? actual : lost, now);
  cost.amount += from_amount(Unit::money, lost.nano_money);
  if (lost.nano_money > 0) cost.estimated = true;
  return cost;
}

UsageRow Limiter::row_of(const exchange::Exchange& exchange, const Account& account, UnixMillis admitted_at) {
  UsageRow row;
  row.at_ms = admitted_at;
  row.set_exchange(exchange.id);
  account.describe(row);
  // What a caller names is only kept when the house knows it.
  const auto known = [&](const std::string& model) {
    return std::ranges::any_of(exchange.candidates, [&](const auto& each) { return each.model == model; });
  };
  row.model_asked = log_.word(known(exchange.ask.model)         ? exchange.ask.model
                              : lets_choose(exchange.ask.model) ? "auto"
                                                                : "unknown");
  const bool labelled =
      std::ranges::any_of(exchange.trace, [](const auto& stage) { return stage.name == "label"; });
  if (labelled) row.label = log_.word(labels_.id(exchange.label));
  row.door = log_.word(exchange.ask.door);
  return row;
}

void Limiter::write_row(const exchange::Exchange& exchange, const Account& account, const ModelTerms* terms,
                        const Amounts& actual, UnixMillis admitted_at) {
  auto row = row_of(exchange, account, admitted_at);
  if (terms) {
    terms->describe(row, admitted_at);
    row.set_tokens(classes_of(exchange.usage));
    row.nano_money = actual.nano_money;
    row.micro_wh_high = actual.micro_wh;
    row.micro_wh_low = std::min(actual.micro_wh, to_amount(Unit::energy, exchange.energy.wh_low));
    if (exchange.usage.estimated) row.flags |= usage_flag::tokens_estimated;
  }
  for (const auto& candidate : exchange.candidates)
    if (!exchange.model.id.empty() && candidate.model == exchange.model.id)
      row.reason = log_.word(candidate.reason);
  if (exchange.hedge && exchange.model.id == exchange.hedge->second.id) row.reason = log_.word("hedged");
  row.error = log_.word(exchange.error);
  row.status = static_cast<std::uint16_t>(exchange.status);
  row.failovers = static_cast<std::uint8_t>(std::clamp(exchange.failovers, 0, 255));
  row.latency_us = microseconds(std::chrono::duration_cast<Micros>(Steady::now() - exchange.begun).count());
  row.first_token_us = microseconds(exchange.first_token_us);
  append(row);
}

Amounts Limiter::write_lost(const exchange::Exchange& exchange, const Running& running, Moment now) {
  if (!exchange.hedge || exchange.hedge->lost.id.empty()) return {};
  const auto& hedge = *exchange.hedge;
  const auto& terms = accounts_.model(hedge.lost, now);
  const auto tokens = classes_of(hedge.lost_usage);
  const auto taken = terms.spent(tokens, running.admitted_at);
  auto row = row_of(exchange, *running.account, running.admitted_at);
  terms.describe(row, running.admitted_at);
  row.set_tokens(tokens);
  row.nano_money = taken.nano_money;
  row.micro_wh_high = taken.micro_wh;
  row.micro_wh_low = std::min(taken.micro_wh, terms.micro_wh_low(tokens));
  if (hedge.lost_usage.estimated) row.flags |= usage_flag::tokens_estimated;
  row.reason = log_.word("hedged");
  row.error = log_.word(hedge_lost);
  row.status = gave_up;
  row.latency_us = microseconds(exchange.first_token_us);  // when the other's first word ended it
  append(row);
  return taken;
}

void Limiter::append(const UsageRow& row) {
  const std::lock_guard lock(writer_mutex_);
  writer_.append(row);
}

}  // namespace bastide::policy
