// What budgets need done beside calls: warnings kept and told, rules followed as people and groups change.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/budget_notices.h"
#include "base/config.h"
#include "governance/audit.h"
#include "identity/identity.h"
#include "policy/accounts.h"
#include "policy/usage_reports.h"

namespace bastide::app {

/// The scope by which accounts count an owner whom the configuration names; empty when there is none today.
[[nodiscard]] std::string scope_of(const OwnerConfig& owner, identity::Identity& identity);

/// A thread that looks each second. References must outlive it.
class BudgetKeeper {
 public:
  struct Rooms {
    const Config& config;
    identity::Identity& identity;
    policy::Accounts& accounts;
    policy::UsageLog& log;
    policy::UsageReports& reports;
    governance::Audit& audit;
    const BudgetNotices& notices;
  };
  explicit BudgetKeeper(Rooms rooms);
  ~BudgetKeeper();
  BudgetKeeper(const BudgetKeeper&) = delete;
  BudgetKeeper& operator=(const BudgetKeeper&) = delete;

 private:
  void work();
  void follow_rules();
  void keep_warnings();
  void tell(const policy::KeptWarning& warning);
  /// Tells people of the budgets whose warnings of the current periods are kept: what a killed process, or a
  /// database that did not answer, left untold.
  void tell_kept();

  const Rooms rooms_;
  policy::Rules rules_;
  std::uint64_t identity_changes_ = 0;
  bool untold_ = true;  // some people may not know yet
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::app
