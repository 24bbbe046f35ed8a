// One SQLite connection with its pragmas and its cache of prepared statements.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "storage/sqlite/database.h"

namespace bastide::storage::detail {

enum class Access { read, write };

/// Bounds of memory: a connection holds at most `cache_kib` of pages and `statements_max` prepared
/// statements.
struct ConnectionLimits {
  int busy_ms = 5000;
  int cache_kib = 1024;
  std::size_t statements_max = 64;
};

class SqliteConnection final : public Connection {
 public:
  /// Throws SqliteError. The file is created (mode 0600) by Access::write only.
  SqliteConnection(const std::string& path, Access access, const ConnectionLimits& limits);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Statement prepare(std::string_view sql) override;
  void execute(std::string_view sql) override;
  [[nodiscard]] std::int64_t changes() override;
  [[nodiscard]] std::int64_t last_rowid() override;
  [[nodiscard]] sqlite3* handle() override { return handle_; }

  /// Whether BEGIN was run and neither COMMIT nor ROLLBACK, be it SQLite's own after an error.
  [[nodiscard]] bool in_transaction() const;

 private:
  struct Cached {
    std::string sql;
    sqlite3_stmt* statement;
    bool in_use;
  };
  sqlite3_stmt* compile(std::string_view sql, bool keep);
  void close();

  sqlite3* handle_ = nullptr;
  std::size_t statements_max_;
  std::list<Cached> cache_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Cached>::iterator> by_sql_;
};

}  // namespace bastide::storage::detail
