// batches::BatchStore on SQLite.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "batches/batch_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive the store. `key_of` gives the 32-byte key that seals what is a person's.
[[nodiscard]] std::unique_ptr<batches::BatchStore> open_batch_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of);

}  // namespace bastide::storage
