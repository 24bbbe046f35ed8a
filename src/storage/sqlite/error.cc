#include "storage/sqlite/error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace bastide::storage::detail {
namespace {
/// SQLite does not keep the errno of a failed commit: then the thread's own still has it, which Writer clears
/// before.
int reason_of(sqlite3* connection) {
  int kept = connection != nullptr ? sqlite3_system_errno(connection) : 0;
  return kept != 0 ? kept : errno;
}

bool disk_is_full(int primary, int reason) {
  if (primary == SQLITE_FULL) return true;
  return primary == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT || reason == EFBIG);
}
}  // namespace

SqliteError sqlite_error(sqlite3* connection, int code) {
  int reason = reason_of(connection);
  int primary = code & 0xff;
  int extended = connection != nullptr && (sqlite3_extended_errcode(connection) & 0xff) == primary
                     ? sqlite3_extended_errcode(connection)
                     : code;
  std::string name = fmt::format("sqlite_{}", extended);
  if (disk_is_full(primary, reason))
    return {extended,
            {Code::storage_full, "The disk that holds the data is full; this change was not kept.",
             "disk_full", "Free space on the disk of the data folder, then try again."}};
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {extended,
              {Code::unavailable, "Another process is writing to the database and did not finish in time.",
               "database_busy",
               "Try again; if it stays so, look for another bastide command that runs on this data folder."}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {extended,
              {Code::corrupt, "The database file is damaged.", "database_corrupt",
               "Stop the server and restore the last backup with `bastide restore`."}};
    case SQLITE_CONSTRAINT:
      return {extended, {Code::conflict, "This would contradict what is stored already.", name}};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {extended,
              {Code::unavailable, "The database file cannot be opened for writing.", "database_unwritable",
               "Check that the data folder exists and belongs to the account that runs bastide."}};
    case SQLITE_IOERR:
      return {extended,
              {Code::unavailable,
               fmt::format("The disk that holds the data reports an error (SQLite {}, errno {}).", extended,
                           reason),
               "database_io", "Check the disk of the data folder (dmesg, smartctl)."}};
    case SQLITE_NOMEM:
      return {extended, {Code::overloaded, "There is not enough memory for the database.", name}};
    case SQLITE_TOOBIG:
      return {extended, {Code::too_large, "A value is too large to be stored.", name}};
    case SQLITE_INTERRUPT:
      return {extended, {Code::cancelled, "The database was told to stop this query.", name}};
    default: {
      // Of errors that are bugs in our SQL the text names tables and columns, never values.
      std::string said = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
      return {extended, {Code::internal, fmt::format("The database refused a statement: {}.", said), name}};
    }
  }
}

void check(sqlite3* connection, int code) {
  if (code != SQLITE_OK) throw sqlite_error(connection, code);
}

}  // namespace bastide::storage::detail
