// responses::ResponseStore on SQLite.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "responses/response_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive the store. `key_of` gives the 32-byte key that seals a person's payloads.
[[nodiscard]] std::unique_ptr<responses::ResponseStore> open_response_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of);

}  // namespace bastide::storage
