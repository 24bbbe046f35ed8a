// What the sums of usage tell.
#pragma once

#include "policy/usage_reports.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// Thread-safe. `database` must outlive it.
class SqliteUsageReports final : public policy::UsageReports {
 public:
  explicit SqliteUsageReports(Database& database) : database_(database) {}

  Result<std::vector<policy::UsageOfDay>> days(std::string_view scope, const policy::UsageSpan& span,
                                               std::size_t limit) override;
  Result<std::vector<policy::UsageOfScope>> scopes(std::string_view kind, const policy::UsageSpan& span,
                                                   std::size_t limit) override;
  Result<std::vector<policy::Warning>> keep(const std::vector<policy::Warning>& warnings,
                                            UnixMillis now) override;
  Result<std::vector<policy::KeptWarning>> warnings(const std::vector<std::string>& scopes,
                                                    std::size_t limit) override;
  Result<std::vector<policy::UsageGapNote>> gaps(std::size_t limit) override;

 private:
  Database& database_;
};

}  // namespace bastide::storage
