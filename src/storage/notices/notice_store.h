// notices::NoticeStore on SQLite.
#pragma once

#include <memory>

#include "notices/notice_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive the store.
[[nodiscard]] std::unique_ptr<notices::NoticeStore> open_notice_store(Database& database);

}  // namespace bastide::storage
