#include <sqlite3.h>

#include "storage/sqlite/database.h"
#include "storage/sqlite/error.h"

namespace bastide::storage {
namespace {
// A null pointer would bind NULL, which an empty value is not.
const char* never_null(std::string_view bytes) { return bytes.data() == nullptr ? "" : bytes.data(); }
void checked(sqlite3_stmt* statement, int code) { detail::check(sqlite3_db_handle(statement), code); }
}  // namespace

Statement::~Statement() {
  if (statement_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  *in_use_ = false;
}

Statement& Statement::bind(int index, std::string_view text) {
  checked(statement_, sqlite3_bind_text64(statement_, index, never_null(text), text.size(), SQLITE_TRANSIENT,
                                          SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view bytes) {
  checked(statement_,
          sqlite3_bind_blob64(statement_, index, never_null(bytes), bytes.size(), SQLITE_TRANSIENT));
  return *this;
}
Statement& Statement::bind_null(int index) {
  checked(statement_, sqlite3_bind_null(statement_, index));
  return *this;
}
Statement& Statement::bind(int index, double number) {
  checked(statement_, sqlite3_bind_double(statement_, index, number));
  return *this;
}
Statement& Statement::bind_int(int index, std::int64_t number) {
  checked(statement_, sqlite3_bind_int64(statement_, index, number));
  return *this;
}

bool Statement::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    auto error = detail::sqlite_error(sqlite3_db_handle(statement_), code);
    sqlite3_reset(statement_);
    throw error;
  }
  return false;
}
void Statement::run() {
  while (step()) {
  }
  reset();
}
void Statement::reset() { sqlite3_reset(statement_); }

std::string_view Statement::view(int column) const {
  const void* bytes = sqlite3_column_type(statement_, column) == SQLITE_BLOB
                          ? sqlite3_column_blob(statement_, column)
                          : static_cast<const void*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

}  // namespace bastide::storage
