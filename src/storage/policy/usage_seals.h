// Which rows of the usage log stand sealed in the audit log. What a seal is: app/usage_seals.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// Rows [from_row, to_row) of a segment.
struct UsageSeal {
  std::string segment;
  std::int64_t from_row = 0;
  std::int64_t to_row = 0;
  std::int64_t words_to = 0;
};

/// Thread-safe; all members block.
class UsageSealStore {
 public:
  explicit UsageSealStore(Database& database) : database_(database) {}
  Result<void> add(const UsageSeal& seal);
  /// The first row of the segment that no seal covers.
  Result<std::int64_t> sealed_rows(std::string_view segment);
  Result<std::int64_t> sealed_words_bytes();
  Result<std::optional<UsageSeal>> covering(std::string_view segment, std::int64_t row);

 private:
  Database& database_;
};

}  // namespace bastide::storage
