#include "policy/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace bastide::policy {
namespace {

constexpr double tokens_per_price = 1e6;
// A bucket that nobody touched for a minute is full again, and a full bucket needs no memory.
constexpr auto sweep_every = std::chrono::minutes(1);
// Longer than any exchange runs: what is left of one that never settled.
constexpr auto reservation_max = std::chrono::hours(6);
constexpr std::size_t reservations_max = 16 * 1024;  // a shard

double dearest_token(const Config& config) {
  double most = 0;
  for (const auto& model : config.models)
    if (model.price) most = std::max({most, model.price->input, model.price->output});
  return most / tokens_per_price;
}

std::unexpected<Error> try_later(double wait_s, std::string message, std::string detail) {
  const auto seconds = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(wait_s)));
  Error error{Code::rate_limited, std::move(message), std::move(detail),
              fmt::format("Try again in {} second{}.", seconds, seconds == 1 ? "" : "s"), seconds};
  return std::unexpected(std::move(error));
}

bool holds(const identity::Principal& who, const std::string& scope) {
  if (scope.starts_with("key:")) return !who.key.empty() && scope.substr(4) == who.key;
  if (scope.starts_with("group:"))
    return std::binary_search(who.groups.begin(), who.groups.end(), scope.substr(6));
  return false;
}

}  // namespace

std::int64_t seconds_to_next_month(UnixMillis at) {
  using namespace std::chrono;
  const sys_time<milliseconds> now{milliseconds(at)};
  const year_month_day today{floor<days>(now)};
  const sys_days next{(std::chrono::year_month{today.year(), today.month()} + months(1)) / 1};
  return ceil<seconds>(next - now).count();
}

Result<std::unique_ptr<Limiter>> Limiter::open(const Config& config, Ledger& ledger, Clock clock) {
  auto spent = ledger.load(year_month(clock.wall()));
  if (!spent) return pass(spent);
  return std::make_unique<Limiter>(config, ledger, *spent, std::move(clock));
}

Limiter::Limiter(const Config& config, Ledger& ledger, const std::vector<Spent>& spent, Clock clock)
    : limits_(config.limits),
      person_month_(config.budget_default.month),
      money_per_token_(dearest_token(config)),
      ledger_(ledger),
      clock_(std::move(clock)),
      purse_(year_month(clock_.wall()), spent),
      shared_(std::make_shared<const std::vector<Budget>>()) {}

void Limiter::set_shared(std::vector<Budget> budgets) {
  auto next = std::make_shared<const std::vector<Budget>>(std::move(budgets));
  const std::lock_guard lock(shared_mutex_);
  shared_ = std::move(next);
}

Limiter::Shard& Limiter::shard(std::string_view person) {
  return shards_[std::hash<std::string_view>{}(person) % shards];
}

std::size_t Limiter::held() const {
  std::size_t count = 0;
  for (auto& each : shards_) {
    const std::lock_guard lock(each.mutex);
    count += each.people.size();
  }
  return count;
}

void Limiter::sweep(Shard& shard, Steady::time_point now) {
  if (now - shard.swept < sweep_every) return;
  shard.swept = now;
  for (auto it = shard.people.begin(); it != shard.people.end();) {
    const bool idle = it->second.requests.is_full(now) && it->second.tokens.is_full(now);
    it = idle ? shard.people.erase(it) : std::next(it);
  }
  for (auto it = shard.reservations.begin(); it != shard.reservations.end();) {
    if (now - it->second.since < reservation_max) {
      ++it;
      continue;
    }
    purse_.settle(it->second.scopes, it->second.money, 0, it->second.month);
    it = shard.reservations.erase(it);
  }
}

std::vector<Budget> Limiter::budgets_of(const identity::Principal& who) const {
  std::vector<Budget> budgets;
  if (person_month_) budgets.push_back({"person:" + who.person, *person_month_});
  std::shared_ptr<const std::vector<Budget>> shared;
  {
    const std::lock_guard lock(shared_mutex_);
    shared = shared_;
  }
  for (const auto& budget : *shared)
    if (holds(who, budget.scope)) budgets.push_back(budget);
  return budgets;
}

Result<std::vector<std::string>> Limiter::admit(const identity::Principal& who, std::string_view exchange,
                                                std::int64_t tokens) {
  const auto now = clock_.steady();
  const auto wall = clock_.wall();
  const double asked = static_cast<double>(std::max<std::int64_t>(0, tokens));
  const auto budgets = budgets_of(who);
  if (!budgets.empty() && ledger_.full())
    return fail(Code::unavailable, "What is spent cannot be stored at the moment, so nothing more is spent.",
                "ledger_full",
                "Try again in a moment. If it stays, an administrator should look at the disk.");

  auto& mine = shard(who.person);
  const std::lock_guard lock(mine.mutex);
  sweep(mine, now);
  const std::string id(exchange);
  if (mine.reservations.contains(id)) return std::vector<std::string>{"Admitted before."};
  if (mine.reservations.size() >= reservations_max)
    return fail(Code::overloaded, "Too many questions are being answered.", "reservations_full",
                "Try again in a moment.");
  auto [entry, fresh] = mine.people.try_emplace(
      who.person, Person{Bucket(static_cast<double>(limits_.requests_per_minute), now),
                         Bucket(static_cast<double>(limits_.tokens_per_minute), now)});
  auto& person = entry->second;
  if (const double wait_s = person.requests.wait_s(1, now); wait_s > 0)
    return try_later(wait_s, fmt::format("More than {} requests in a minute.", limits_.requests_per_minute),
                     "requests_per_minute");
  if (const double wait_s = person.tokens.wait_s(asked, now); wait_s > 0)
    return try_later(wait_s, fmt::format("More than {} tokens in a minute.", limits_.tokens_per_minute),
                     "tokens_per_minute");

  Reservation reservation{asked, asked * money_per_token_, year_month(wall), {}, now};
  std::vector<std::string> reasons{fmt::format("Within {} requests and {} tokens a minute.",
                                               limits_.requests_per_minute, limits_.tokens_per_minute)};
  if (!budgets.empty()) {
    auto state = purse_.reserve(budgets, reservation.money, reservation.month);
    if (!state) {
      const bool used_up = state.error().detail == "budget_month";
      state.error().retry_after_s = used_up ? seconds_to_next_month(wall) : 1;
      state.error().action =
          used_up ? fmt::format("It starts anew on {}. An administrator can raise it before.",
                                rfc3339(wall + seconds_to_next_month(wall) * 1000).substr(0, 10))
                  : "Try again when one of them has ended.";
      return pass(state);
    }
    reasons.push_back(fmt::format("{:.4g} spent this month, {:.4g} reserved for running calls.", state->spent,
                                  state->reserved));
    for (const auto& budget : budgets) reservation.scopes.push_back(budget.scope);
  }
  person.requests.take(1, now);
  person.tokens.take(asked, now);
  mine.reservations.emplace(id, std::move(reservation));
  return reasons;
}

void Limiter::settle(const identity::Principal& who, std::string_view exchange, const exchange::Usage& usage,
                     double cost) {
  const auto now = clock_.steady();
  auto& mine = shard(who.person);
  Spend spend{std::string(exchange), {}, {}, std::isfinite(cost) ? std::max(0.0, cost) : 0};
  {
    const std::lock_guard lock(mine.mutex);
    const auto found = mine.reservations.find(spend.exchange);
    if (found == mine.reservations.end()) return;
    const auto& reservation = found->second;
    const auto used =
        static_cast<double>(std::max<std::int64_t>(0, usage.input_tokens + usage.output_tokens));
    if (const auto person = mine.people.find(who.person); person != mine.people.end())
      person->second.tokens.take(used - reservation.tokens, now);
    purse_.settle(reservation.scopes, reservation.money, spend.amount, reservation.month);
    spend.month = reservation.month;
    spend.scopes = reservation.scopes;
    mine.reservations.erase(found);
  }
  if (spend.amount <= 0) return;
  // Kept without a budget too: the console shows what was spent, and a budget set tomorrow counts from the
  // 1st.
  const auto person = "person:" + who.person;
  if (std::ranges::find(spend.scopes, person) == spend.scopes.end()) spend.scopes.push_back(person);
  ledger_.add(std::move(spend));
}

}  // namespace bastide::policy
