// The audit log in SQLite.
#pragma once

#include <string_view>

#include "governance/log_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// Thread-safe. `database` must outlive it.
class SqliteLog final : public governance::LogStore {
 public:
  explicit SqliteLog(Database& database) : database_(database) {}

  Result<governance::Hash> at(int level, std::int64_t position) override;
  Result<std::int64_t> append(const governance::EntryBody& body, const governance::Payload& payload,
                              const governance::SignCheckpoint& sign) override;
  Result<std::int64_t> size() override;
  Result<governance::LogPage> page(std::int64_t from, std::int64_t count) override;
  Result<governance::Found> find(std::string_view kind, std::string_view subject) override;
  Result<std::vector<governance::Checkpoint>> checkpoints(std::int64_t after, std::int64_t count) override;
  Result<std::optional<governance::Checkpoint>> latest_checkpoint() override;
  Result<void> add_checkpoint(const governance::Checkpoint& checkpoint) override;
  Result<std::int64_t> forget(std::string_view owner) override;

 private:
  Database& database_;
};

}  // namespace bastide::storage
