// Opening a database with other bounds or other migrations than the program's: tests.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "storage/migrations.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/readers.h"
#include "storage/sqlite/writer.h"

namespace bastide::storage {

struct OpenOptions {
  std::span<const Migration> migrations = embedded_migrations();
  detail::ConnectionLimits writing{.cache_kib = 4096, .statements_max = 128};
  detail::WriterLimits writer{};
  detail::ReaderLimits readers{};
};

/// As Database::open.
Result<std::unique_ptr<Database>> open_database(const std::string& path, const OpenOptions& options);

}  // namespace bastide::storage
