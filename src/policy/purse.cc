#include "policy/purse.h"

#include <algorithm>
#include <cmath>

namespace bastide::policy {
namespace {

// Four fifths, without a fraction.
bool nearly_spent(std::int64_t spent, std::int64_t most) { return spent > 0 && spent >= most - most / 5; }

std::int64_t full_in_ms(Bucket& bucket, Moment now) {
  return static_cast<std::int64_t>(std::ceil(bucket.full_in_s(now.steady) * 1000));
}

}  // namespace

void Purse::configure(const Limits& limits, const std::vector<Budget>& budgets, const Opening& opening,
                      Moment now) {
  turn_to(Calendar::of(now.wall));
  const auto renew = [&](std::optional<Bucket>& bucket, std::int64_t before, std::int64_t after) {
    if (after <= 0)
      bucket.reset();
    else if (!bucket || before != after)
      bucket.emplace(static_cast<double>(after), now.steady);
  };
  renew(requests_, limits_.requests_per_minute, limits.requests_per_minute);
  renew(tokens_, limits_.tokens_per_minute, limits.tokens_per_minute);
  limits_ = limits;
  std::vector<Cell> cells;
  for (const auto& budget : budgets) {
    const auto known = std::ranges::find_if(cells_, [&](const Cell& cell) {
      return cell.budget.unit == budget.unit && cell.budget.period == budget.period;
    });
    Cell cell{.budget = budget};
    if (known != cells_.end()) {
      cell = *known;
      cell.budget = budget;
    } else {
      cell.spent = opening[static_cast<std::size_t>(budget.period)].of(budget.unit);
      bool crossed = false;
      note_warning(cell, crossed);
    }
    cells.push_back(cell);
  }
  cells_ = std::move(cells);
}

void Purse::turn_to(const Calendar& calendar) {
  if (calendar.at[0] <= calendar_.at[0]) return;
  for (auto& cell : cells_) {
    if (calendar.in(cell.budget.period) == calendar_.in(cell.budget.period)) continue;
    // What is still reserved settles into the period in which it was admitted.
    cell.spent = cell.reserved = 0;
    cell.told = Cell::Told::no;
  }
  calendar_ = calendar;
}

void Purse::note_warning(Cell& cell, bool& crossed) {
  if (cell.told != Cell::Told::no || !nearly_spent(cell.spent, cell.budget.most)) return;
  cell.told = Cell::Told::due;
  crossed = true;
}

std::optional<Refusal> Purse::refuses(const Amounts& more, Phase phase, Moment now,
                                      const Calendar& calendar) {
  turn_to(calendar);
  using Why = Refusal::Why;
  if (phase == Phase::start && limits_.concurrent > 0 && running_ >= limits_.concurrent)
    return Refusal{.why = Why::concurrent, .wait_s = 1, .limit = limits_.concurrent, .budget = {}};
  if (requests_ && phase == Phase::start)
    if (const double wait_s = requests_->wait_s(1, now.steady); wait_s > 0)
      return Refusal{.why = Why::requests_per_minute,
                     .wait_s = wait_s,
                     .limit = limits_.requests_per_minute,
                     .budget = {}};
  if (tokens_ && more.tokens > 0)
    if (const double wait_s = tokens_->wait_s(static_cast<double>(more.tokens), now.steady); wait_s > 0)
      return Refusal{
          .why = Why::tokens_per_minute, .wait_s = wait_s, .limit = limits_.tokens_per_minute, .budget = {}};
  for (const auto& cell : cells_) {
    const auto asked = more.of(cell.budget.unit);
    if (!counts(cell, calendar)) continue;
    // What costs nothing needs no budget.
    if (asked <= 0 || asked <= cell.budget.most - cell.spent - cell.reserved) continue;
    const auto why = cell.spent >= cell.budget.most ? Why::used_up
                     : cell.reserved > 0            ? Why::reserved
                                                    : Why::too_dear;
    return Refusal{.why = why, .budget = {cell.budget, cell.spent, cell.reserved}, .asked = asked};
  }
  return std::nullopt;
}

void Purse::take(const Amounts& more, Phase phase, Moment now, const Calendar& calendar) {
  turn_to(calendar);
  if (phase == Phase::start) {
    ++running_;
    if (requests_) requests_->take(1, now.steady);
  }
  if (tokens_) tokens_->take(static_cast<double>(more.tokens), now.steady);
  for (auto& cell : cells_)
    if (counts(cell, calendar)) cell.reserved += more.of(cell.budget.unit);
}

void Purse::give_back(const Amounts& less, Phase phase, Moment now, const Calendar& admitted) {
  if (phase == Phase::start) {
    running_ = std::max<std::int64_t>(0, running_ - 1);
    if (requests_) requests_->take(-1, now.steady);
  }
  if (tokens_) tokens_->take(-static_cast<double>(less.tokens), now.steady);
  for (auto& cell : cells_)
    if (counts(cell, admitted))
      cell.reserved = std::max<std::int64_t>(0, cell.reserved - less.of(cell.budget.unit));
}

bool Purse::settle(const Amounts& held, const Amounts& actual, Moment now, const Calendar& admitted) {
  running_ = std::max<std::int64_t>(0, running_ - 1);
  if (tokens_) tokens_->take(static_cast<double>(actual.tokens - held.tokens), now.steady);
  bool crossed = false;
  for (auto& cell : cells_) {
    if (!counts(cell, admitted)) continue;
    cell.reserved = std::max<std::int64_t>(0, cell.reserved - held.of(cell.budget.unit));
    cell.spent += actual.of(cell.budget.unit);
    note_warning(cell, crossed);
  }
  return crossed;
}

void Purse::take_warnings(std::vector<Warning>& into, UnixMillis wall) {
  for (auto& cell : cells_) {
    if (cell.told != Cell::Told::due) continue;
    cell.told = Cell::Told::yes;
    into.push_back({scope_, {cell.budget, cell.spent, cell.reserved}, begin_of(cell.budget.period, wall)});
  }
}

std::vector<BudgetState> Purse::states(const Calendar& calendar) {
  turn_to(calendar);
  std::vector<BudgetState> out;
  for (const auto& cell : cells_) out.push_back({cell.budget, cell.spent, cell.reserved});
  return out;
}

void Purse::rate_state(RateState& narrowest, Moment now) {
  const auto narrow = [&](std::optional<Bucket>& bucket, std::int64_t limit, std::int64_t& shown_limit,
                          std::int64_t& remaining, std::int64_t& reset_ms) {
    if (!bucket) return;
    const auto left =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(bucket->level(now.steady))));
    if (shown_limit > 0 && left >= remaining) return;
    shown_limit = limit;
    remaining = left;
    reset_ms = full_in_ms(*bucket, now);
  };
  narrow(requests_, limits_.requests_per_minute, narrowest.limit_requests, narrowest.remaining_requests,
         narrowest.reset_requests_ms);
  narrow(tokens_, limits_.tokens_per_minute, narrowest.limit_tokens, narrowest.remaining_tokens,
         narrowest.reset_tokens_ms);
}

bool Purse::is_idle(Moment now) {
  turn_to(Calendar::of(now.wall));
  return running_ == 0 && (!requests_ || requests_->is_full(now.steady)) &&
         (!tokens_ || tokens_->is_full(now.steady)) &&
         std::ranges::all_of(cells_, [](const Cell& cell) { return cell.spent == 0 && cell.reserved == 0; });
}

}  // namespace bastide::policy
