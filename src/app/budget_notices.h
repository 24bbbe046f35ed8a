// Who is told that a budget is nearly spent.
#pragma once

#include "identity/audience.h"
#include "identity/identity.h"
#include "notices/notice_store.h"
#include "policy/usage_reports.h"

namespace bastide::app {

/// Of a person's own budget the person is told; of a key's, the person to whom it belongs; of a group's, its
/// members, who spend it, and the administrators, who own it; of all others the administrators. Thread-safe.
class BudgetNotices {
 public:
  /// Of one budget.
  static constexpr std::size_t recipients_max = 1000;

  struct Rooms {
    identity::Identity& identity;
    identity::Audience& audience;
    notices::NoticeStore& store;
    notices::NoticeStore::Letters letters;
  };
  explicit BudgetNotices(Rooms rooms) : rooms_(rooms) {}

  /// Once a person, budget and period, however often it is called. Blocks.
  Result<void> tell(const policy::KeptWarning& warning) const;

 private:
  [[nodiscard]] Result<std::vector<identity::Recipient>> recipients(std::string_view kind,
                                                                    const std::string& id) const;
  const Rooms rooms_;
};

}  // namespace bastide::app
