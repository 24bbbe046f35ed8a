#include "storage/migrations.h"

#include <fmt/format.h>

#include <map>

#include "base/crypto.h"
#include "base/log.h"
#include "base/time.h"
#include "storage/sqlite/error.h"

namespace bastide::storage {
namespace {
struct Applied {
  std::string name;
  std::string sha256;
};

std::map<int, Applied> applied_in(Connection& connection) {
  std::map<int, Applied> out;
  auto query = connection.prepare("select number, name, sha256 from schema_migration");
  while (query.step()) out[static_cast<int>(query.integer(0))] = {query.text(1), query.text(2)};
  return out;
}

Result<void> check_applied(const std::map<int, Applied>& applied, std::span<const Migration> known) {
  int newest = known.empty() ? 0 : known.back().number;
  std::map<int, const Migration*> by_number;
  for (const auto& migration : known) by_number[migration.number] = &migration;
  for (const auto& [number, was] : applied) {
    auto found = by_number.find(number);
    if (found == by_number.end())
      return fail(
          Code::conflict,
          fmt::format(
              "The data were written by a {} version of bastide: migration {:04}_{} is not known here.",
              number > newest ? "newer" : "different", number, was.name),
          number > newest ? "schema_newer" : "schema_missing",
          "Start the version that last used this data folder, or a newer one.");
    if (sha256_hex(found->second->sql) != was.sha256)
      return fail(Code::conflict,
                  fmt::format("Migration {:04}_{} is not the one that was applied to this data folder.",
                              number, was.name),
                  "schema_changed",
                  "Start the version that last used this data folder, or restore a backup.");
  }
  return {};
}

Result<void> apply(Connection& connection, const Migration& migration) {
  connection.execute("begin immediate");
  try {
    // Another process may have been quicker.
    if (!applied_in(connection).contains(migration.number)) {
      connection.execute(migration.sql);
      connection
          .prepare("insert into schema_migration (number, name, sha256, applied_at) values (?, ?, ?, ?)")
          .bind_all(migration.number, migration.name, std::string_view(sha256_hex(migration.sql)), now_ms())
          .run();
    }
    connection.execute("commit");
  } catch (const SqliteError& error) {
    try {
      connection.execute("rollback");
    } catch (const SqliteError&) {  // SQLite rolled back by itself
    }
    auto why = error.error();
    why.message = fmt::format("Migration {:04}_{}: {}", migration.number, migration.name, why.message);
    return std::unexpected(std::move(why));
  }
  log::info("schema_migrated", {{"number", migration.number}, {"name", migration.name}});
  return {};
}
}  // namespace

Result<void> migrate(Connection& connection, std::span<const Migration> known) {
  try {
    connection.execute(
        "create table if not exists schema_migration ("
        "number integer primary key, name text not null, sha256 text not null, applied_at integer not null) "
        "strict");
    auto applied = applied_in(connection);
    if (auto fits = check_applied(applied, known); !fits) return fits;
    for (const auto& migration : known) {
      if (applied.contains(migration.number)) continue;
      if (auto done = apply(connection, migration); !done) return done;
    }
    return {};
  } catch (const SqliteError& error) {
    return std::unexpected(error.error());
  }
}

}  // namespace bastide::storage
