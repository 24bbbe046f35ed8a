#include "storage/sqlite/readers.h"

#include "storage/sqlite/error.h"

namespace bastide::storage::detail {

Result<std::unique_ptr<SqliteConnection>> Readers::take() {
  std::unique_lock lock(mutex_);
  if (!freed_.wait_for(lock, limits_.wait_max,
                       [&] { return !free_.empty() || open_ < limits_.connections_max; }))
    return fail(Code::overloaded, "Too many queries run at once.", "read_pool_full",
                "Try again in a moment.");
  if (!free_.empty()) {
    auto connection = std::move(free_.back());
    free_.pop_back();
    return connection;
  }
  ++open_;
  lock.unlock();
  try {
    return std::make_unique<SqliteConnection>(path_, Access::read, limits_.connection);
  } catch (const SqliteError& error) {
    forget();
    return std::unexpected(error.error());
  }
}

void Readers::give_back(std::unique_ptr<SqliteConnection> connection) {
  {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

void Readers::forget() {
  {
    std::lock_guard lock(mutex_);
    --open_;
  }
  freed_.notify_one();
}

Result<void> Readers::run(const std::function<void(Connection&)>& body) {
  auto connection = take();
  if (!connection) return pass(connection);
  Result<void> out;
  std::exception_ptr bug;
  try {
    (*connection)->prepare("begin").run();
    try {
      body(**connection);
    } catch (Rollback& asked) {
      out = std::unexpected(std::move(asked.error));
    } catch (const SqliteError& error) {
      out = std::unexpected(error.error());
    } catch (...) {
      bug = std::current_exception();
    }
    if ((*connection)->in_transaction()) (*connection)->prepare("rollback").run();
  } catch (const SqliteError& error) {
    out = std::unexpected(error.error());
  }
  if ((*connection)->in_transaction()) {  // it could not be ended: the connection is not to be trusted
    connection->reset();
    forget();
  } else {
    give_back(std::move(*connection));
  }
  if (bug) std::rethrow_exception(bug);
  return out;
}

}  // namespace bastide::storage::detail
