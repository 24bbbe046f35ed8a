#include "storage/sqlite/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <thread>

#include "base/time.h"
#include "storage/sqlite/error.h"

namespace bastide::storage::detail {
namespace {
/// The file belongs to us alone; the WAL and its index inherit its mode.
void make_private_file(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);  // when it failed, sqlite3_open_v2 says so better
}

/// Turning WAL on asks for the file alone and does not heed the busy timeout.
void turn_wal_on(SqliteConnection& connection, Millis patience) {
  auto deadline = Deadline::in(patience);
  for (;;) {
    try {
      connection.execute("pragma journal_mode = wal");
      return;
    } catch (const SqliteError& error) {
      if ((error.sqlite_code() & 0xff) != SQLITE_BUSY || deadline.passed()) throw;
      std::this_thread::sleep_for(Millis(20));
    }
  }
}
}  // namespace

SqliteConnection::SqliteConnection(const std::string& path, Access access, const ConnectionLimits& limits)
    : statements_max_(limits.statements_max) {
  if (access == Access::write) make_private_file(path);
  // Readers open for writing too: in WAL mode they keep their marks in the shared index. query_only holds
  // them.
  int code = sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    auto error = sqlite_error(handle_, code);
    close();
    throw error;
  }
  try {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, limits.busy_ms);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    if (access == Access::write) turn_wal_on(*this, Millis(limits.busy_ms));
    execute(
        fmt::format("pragma foreign_keys = on; pragma trusted_schema = off; pragma cache_size = -{};"
                    "pragma mmap_size = 0; pragma secure_delete = fast; pragma wal_autocheckpoint = 0;"
                    "pragma journal_size_limit = 16777216; pragma synchronous = {};",
                    limits.cache_kib, access == Access::write ? "full" : "normal"));
    if (access == Access::read) execute("pragma query_only = on");
  } catch (...) {
    close();
    throw;
  }
}

SqliteConnection::~SqliteConnection() { close(); }

void SqliteConnection::close() {
  for (auto& cached : cache_) sqlite3_finalize(cached.statement);
  cache_.clear();
  by_sql_.clear();
  sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

sqlite3_stmt* SqliteConnection::compile(std::string_view sql, bool keep) {
  sqlite3_stmt* statement = nullptr;
  check(handle_, sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                    keep ? SQLITE_PREPARE_PERSISTENT : 0, &statement, nullptr));
  return statement;
}

Statement SqliteConnection::prepare(std::string_view sql) {
  if (auto found = by_sql_.find(sql); found != by_sql_.end()) {
    auto& cached = *found->second;
    if (cached.in_use) return {compile(sql, false), nullptr};  // the same text twice at once
    cache_.splice(cache_.begin(), cache_, found->second);
    cached.in_use = true;
    return {cached.statement, &cached.in_use};
  }
  for (auto oldest = cache_.end(); cache_.size() >= statements_max_ && oldest != cache_.begin();) {
    --oldest;
    if (oldest->in_use) continue;
    by_sql_.erase(oldest->sql);
    sqlite3_finalize(oldest->statement);
    oldest = cache_.erase(oldest);
  }
  if (cache_.size() >= statements_max_) return {compile(sql, false), nullptr};
  cache_.push_front({std::string(sql), compile(sql, true), true});
  by_sql_.emplace(cache_.front().sql, cache_.begin());
  return {cache_.front().statement, &cache_.front().in_use};
}

void SqliteConnection::execute(std::string_view sql) {
  check(handle_, sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr));
}

std::int64_t SqliteConnection::changes() { return sqlite3_changes64(handle_); }
std::int64_t SqliteConnection::last_rowid() { return sqlite3_last_insert_rowid(handle_); }
bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

}  // namespace bastide::storage::detail
