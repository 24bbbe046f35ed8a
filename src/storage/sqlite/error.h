// What SQLite says, as the house's errors.
#pragma once

#include <exception>
#include <string>

#include "base/result.h"

struct sqlite3;

namespace bastide::storage {

/// Thrown by Statement and Connection inside the bodies of Database::read and Database::write, which turn it
/// into a Result. A body may catch it to treat one case itself, such as a broken constraint (Code::conflict).
class SqliteError : public std::exception {
 public:
  SqliteError(int sqlite_code, Error error) : sqlite_code_(sqlite_code), error_(std::move(error)) {}
  [[nodiscard]] const char* what() const noexcept override { return error_.message.c_str(); }
  /// The extended result code (sqlite.org/rescode.html).
  [[nodiscard]] int sqlite_code() const { return sqlite_code_; }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  int sqlite_code_;
  Error error_;
};

namespace detail {
/// The error that `connection` reports now for result `code`. Full disks are Code::storage_full, a broken
/// constraint Code::conflict, a lock that another process holds Code::unavailable. Values of rows never enter
/// the message.
[[nodiscard]] SqliteError sqlite_error(sqlite3* connection, int code);
/// Throws when `code` is not SQLITE_OK.
void check(sqlite3* connection, int code);
}  // namespace detail

}  // namespace bastide::storage
