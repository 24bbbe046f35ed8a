// The audit log in SQLite.
#pragma once

#include <functional>
#include <string_view>

#include "governance/log_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// Thread-safe. `database` must outlive it.
class SqliteLog final : public governance::LogStore {
 public:
  /// What is stored in one transaction with an exchange's receipt: `within` inside of it, `after` once it is
  /// durable.
  struct Along {
    std::function<void(Connection&, std::string_view exchange)> within{};
    std::function<void(std::string_view exchange)> after{};
  };
  explicit SqliteLog(Database& database) : SqliteLog(database, Along()) {}
  SqliteLog(Database& database, Along along) : database_(database), along_(std::move(along)) {}

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
  Along along_;
};

}  // namespace bastide::storage
