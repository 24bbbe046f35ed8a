// knowledge::LibraryStore on SQLite.
#pragma once

#include <memory>

#include "knowledge/store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive it.
[[nodiscard]] std::unique_ptr<knowledge::LibraryStore> make_library_store(Database& database);

}  // namespace bastide::storage
