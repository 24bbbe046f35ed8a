// The port guard::PseudonymStore on SQLite.
#pragma once

#include <memory>

#include "guard/pseudonym_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive the store. Thread-safe; blocks.
[[nodiscard]] std::unique_ptr<guard::PseudonymStore> open_pseudonym_store(Database& database);

}  // namespace bastide::storage
