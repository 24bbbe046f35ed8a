// What was spent, month by month: the port, which storage/policy joins to the database.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bastide::policy {

/// One settled exchange. `scopes` are who paid: person:ID, group:ID, key:ID.
struct Spend {
  std::string exchange;
  std::string month;  // 2026-11
  std::vector<std::string> scopes;
  double amount = 0;
};

struct MonthSpent {
  std::string scope;
  double amount = 0;
};

/// Thread-safe.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// All that was spent in `month`. Blocks: at start.
  virtual Result<std::vector<MonthSpent>> load(const std::string& month) = 0;
  /// Takes `spend` to be stored; does not block. An exchange counts once, however often it is given. Stored
  /// at the latest together with the exchange's receipt, so what a person was told is done has been paid for.
  virtual void add(Spend spend) = 0;
  /// Whether so much waits to be stored that nothing more should be spent.
  [[nodiscard]] virtual bool full() const = 0;
};

}  // namespace bastide::policy
