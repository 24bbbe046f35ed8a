// Receipts of calls that passed as bytes: told from their row in the usage log when somebody asks.
#pragma once

#include <string>
#include <string_view>

#include "exchange/ports.h"
#include "identity/principal.h"
#include "policy/labels.h"
#include "storage/policy/usage_log.h"

namespace bastide::app {

/// Thread-safe; blocks. What it refers to outlives it.
class UsageReceipts {
 public:
  UsageReceipts(storage::SqliteUsageLog& log, const policy::Labels& labels, const exchange::Models& models,
                const exchange::Footprint& footprint)
      : log_(log), labels_(labels), models_(models), footprint_(footprint) {}

  /// As exchange::receipt_json. Code::not_found for what is not in the log or not for `who`, in the same
  /// words.
  [[nodiscard]] Result<std::string> receipt(std::string_view exchange, const identity::Principal& who) const;

 private:
  storage::SqliteUsageLog& log_;
  const policy::Labels& labels_;
  const exchange::Models& models_;
  const exchange::Footprint& footprint_;
};

}  // namespace bastide::app
