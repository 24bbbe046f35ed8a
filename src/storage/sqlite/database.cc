#include "storage/sqlite/database.h"

#include <sqlite3.h>

#include "storage/sqlite/error.h"
#include "storage/sqlite/open.h"

namespace bastide::storage {
namespace {

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(const std::string& path, std::unique_ptr<detail::SqliteConnection> writing,
                 const OpenOptions& options)
      : path_(path), readers_(path, options.readers), writer_(std::move(writing), options.writer) {}

  Result<void> backup_to(const std::string& path) override;

 protected:
  Result<void> read_raw(const std::function<void(Connection&)>& body) override { return readers_.run(body); }
  Result<void> write_raw(const std::function<void(Connection&)>& body, Durability durability) override {
    return writer_.run(body, durability);
  }

 private:
  const std::string path_;
  detail::Readers readers_;
  detail::Writer writer_;
};

Result<void> SqliteDatabase::backup_to(const std::string& path) {
  constexpr int pages_per_step = 1024;
  try {
    // Connections of its own: a long copy must not take a reader from others.
    detail::SqliteConnection from(path_, detail::Access::read, {.cache_kib = 256, .statements_max = 4});
    sqlite3* into = nullptr;
    int code = sqlite3_open_v2(path.c_str(), &into,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> into_owner(into, sqlite3_close_v2);
    detail::check(into, code);
    // Under one read transaction every step copies the same snapshot, and a writer never makes it begin
    // again.
    from.execute("begin");
    from.prepare("select count(*) from sqlite_schema").run();
    auto* copy = sqlite3_backup_init(into, "main", from.handle(), "main");
    if (copy == nullptr) throw detail::sqlite_error(into, sqlite3_errcode(into));
    do {
      code = sqlite3_backup_step(copy, pages_per_step);
    } while (code == SQLITE_OK);
    sqlite3_backup_finish(copy);
    if (code != SQLITE_DONE) throw detail::sqlite_error(into, code);
    from.execute("rollback");
    return {};
  } catch (const SqliteError& error) {
    return std::unexpected(error.error());
  }
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(const std::string& path, const OpenOptions& options) {
  try {
    auto writing = std::make_unique<detail::SqliteConnection>(path, detail::Access::write, options.writing);
    if (auto done = migrate(*writing, options.migrations); !done) return pass(done);
    return std::make_unique<SqliteDatabase>(path, std::move(writing), options);
  } catch (const SqliteError& error) {
    return std::unexpected(error.error());
  }
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  return open_database(path, OpenOptions{});
}

}  // namespace bastide::storage
