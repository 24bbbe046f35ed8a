#include "policy/purse.h"

#include <fmt/format.h>

namespace bastide::policy {
namespace {

constexpr double rounding = 1e-9;  // relative: sums of many small costs

std::string money(double amount) {
  return amount == 0 || amount >= 0.01 ? fmt::format("{:.2f}", amount) : fmt::format("{:.2g}", amount);
}

std::string owner(const std::string& scope) {
  if (scope.starts_with("group:")) return "The budget of a group that you are in";
  if (scope.starts_with("key:")) return "The budget of this key";
  return "Your budget";
}

}  // namespace

Purse::Purse(std::string month, const std::vector<Spent>& spent) : month_(std::move(month)) {
  for (const auto& each : spent)
    if (each.amount > 0) accounts_[each.scope].spent = each.amount;
}

void Purse::turn_to(const std::string& month) {
  if (month <= month_) return;
  month_ = month;
  accounts_.clear();  // what is still reserved settles into the month in which it was admitted
}

Result<Purse::State> Purse::reserve(std::span<const Budget> budgets, double amount,
                                    const std::string& month) {
  const std::lock_guard lock(mutex_);
  turn_to(month);
  State narrowest;
  double least_left = 0;
  for (const auto& budget : budgets) {
    const auto found = accounts_.find(budget.scope);
    const State state = found == accounts_.end() ? State{} : found->second;
    const double most = budget.month * (1 + rounding);
    const bool used_up = state.spent >= budget.month * (1 - rounding);
    const bool fits = state.spent + state.reserved + amount <= most || state.reserved <= 0;
    // A call that costs nothing needs no budget.
    if (amount > 0 && (used_up || !fits))
      return fail(
          Code::budget_exhausted,
          fmt::format("{} of {} for this month is {}: {} spent{}.", owner(budget.scope), money(budget.month),
                      used_up ? "used up" : "taken by calls that are running", money(state.spent),
                      used_up ? "" : fmt::format(", {} reserved", money(state.reserved))),
          used_up ? "budget_month" : "budget_reserved", "");
    const double left = budget.month - state.spent;
    if (&budget == budgets.data() || left < least_left) {
      least_left = left;
      narrowest = state;
    }
  }
  if (amount > 0)
    for (const auto& budget : budgets) accounts_[budget.scope].reserved += amount;
  return narrowest;
}

void Purse::settle(std::span<const std::string> scopes, double reserved, double cost,
                   const std::string& month) {
  const std::lock_guard lock(mutex_);
  if (month != month_) return;
  for (const auto& scope : scopes) {
    auto& account = accounts_[scope];
    account.spent += cost;
    account.reserved -= reserved;
    if (account.reserved < rounding * reserved) account.reserved = 0;
    if (account.spent <= 0 && account.reserved <= 0) accounts_.erase(scope);
  }
}

double Purse::spent(const std::string& scope) const {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(scope);
  return found == accounts_.end() ? 0 : found->second.spent;
}

}  // namespace bastide::policy
