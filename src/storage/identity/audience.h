// identity::Audience on SQLite.
#pragma once

#include <memory>
#include <string>

#include "identity/audience.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive it.
[[nodiscard]] std::unique_ptr<identity::Audience> open_audience(Database& database,
                                                                std::string organisation = "default");

}  // namespace bastide::storage
