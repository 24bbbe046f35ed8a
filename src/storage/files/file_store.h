// files::FileStore on SQLite.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "files/file_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive the store. `key_of` gives the 32-byte key that seals what a person's files are.
[[nodiscard]] std::unique_ptr<files::FileStore> open_file_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of);

}  // namespace bastide::storage
