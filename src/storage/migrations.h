// Numbered changes of the schema, in order, each once.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// A file src/storage/migrations/NNNN_name.sql. Once released it never changes: a correction is a new number.
struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

/// Those that were built into the program, by number.
[[nodiscard]] std::span<const Migration> embedded_migrations();

/// Applies what is not applied yet, in order, each in a transaction of its own with its record (number, name,
/// SHA-256) in schema_migration. Safe when two processes start at once. Code::conflict, with what to do, when
/// an applied migration has changed or is unknown to this program, which is then older than the data.
[[nodiscard]] Result<void> migrate(Connection& connection, std::span<const Migration> known);

}  // namespace bastide::storage
