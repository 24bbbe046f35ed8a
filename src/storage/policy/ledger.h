// The ledger of what was spent, in SQLite.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "policy/ledger.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// Thread-safe. What is added is stored by whoever comes first: the transaction that stores the exchange's
/// receipt
/// (`store_with`), or a thread of its own that takes what waits, a batch a transaction. `database` must
/// outlive it.
class SqliteLedger final : public policy::Ledger {
 public:
  explicit SqliteLedger(Database& database);
  /// Stores what waits.
  ~SqliteLedger() override;
  SqliteLedger(const SqliteLedger&) = delete;
  SqliteLedger& operator=(const SqliteLedger&) = delete;

  Result<std::vector<policy::MonthSpent>> load(const std::string& month) override;
  void add(policy::Spend spend) override;
  [[nodiscard]] bool full() const override;

  /// Inside the body of a write: stores what waits of `exchange`, so that it is durable when that write is.
  /// It goes on waiting until `stored`, for the write may still be rolled back; storing it twice counts it
  /// once.
  void store_with(Connection& connection, std::string_view exchange);
  /// After that write was acknowledged.
  void stored(std::string_view exchange);
  /// Returns once all that was added before is on the disk, or with the error that prevents it.
  Result<void> flush();

 private:
  void work();
  Result<void> write(const std::vector<std::shared_ptr<const policy::Spend>>& batch);

  static constexpr std::size_t waiting_max = 50'000;
  static constexpr std::size_t batch_max = 1'000;
  Database& database_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<std::string, std::shared_ptr<const policy::Spend>> waiting_;  // by exchange
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::storage
