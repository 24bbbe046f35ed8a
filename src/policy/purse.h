// Monthly budgets: reserve before, settle after.
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "policy/ledger.h"

namespace bastide::policy {

/// Who pays, and how much of it a month allows.
struct Budget {
  std::string scope;  // person:ID, group:ID, key:ID
  double month = 0;
};

/// Thread-safe; each call is a few hash look-ups under one lock.
class Purse {
 public:
  /// `spent` is what `month` has cost so far.
  Purse(std::string month, const std::vector<Spent>& spent);

  struct State {
    double spent = 0;  // of the narrowest budget
    double reserved = 0;
  };
  /// Reserves `amount` in each of `budgets`, all or none. Code::budget_exhausted names the budget that is
  /// used up. A budget with nothing reserved admits while anything is left of it.
  [[nodiscard]] Result<State> reserve(std::span<const Budget> budgets, double amount,
                                      const std::string& month);
  /// Gives the reservation back and counts what it really cost.
  void settle(std::span<const std::string> scopes, double reserved, double cost, const std::string& month);
  [[nodiscard]] double spent(const std::string& scope) const;

 private:
  void turn_to(const std::string& month);

  mutable std::mutex mutex_;
  std::string month_;
  std::unordered_map<std::string, State> accounts_;  // those with a figure that is not zero
};

}  // namespace bastide::policy
