// One file that holds all that an organisation's data folder holds, save models.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

struct BackupReport {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;  // of the content, before compression
  /// Blobs whose bytes are no longer what their name says: a failing disk. They are carried along and named
  /// here.
  std::vector<std::string> damaged{};
};

/// Writes a tar archive, compressed by zstd, to `file` (mode 0600, replaced only once complete and durable)
/// while the server serves: first a consistent copy of the database, then the blobs that it may refer to,
/// `key_files`, and a manifest with hashes. Works from another process than the server's. Needs room beside
/// `file` for a copy of the database. One backup at a time: Code::conflict. The archive holds the keys: keep
/// it as safe as the data.
[[nodiscard]] Result<BackupReport> backup(Database& database, const std::string& blobs_folder,
                                          const std::vector<std::string>& key_files, const std::string& file);

/// As above, for a data folder with its usual layout (bastide.db, blobs/, keys/).
[[nodiscard]] Result<BackupReport> backup_data(Database& database, const std::string& data_folder,
                                               const std::string& file);

/// Unpacks an archive of `backup` into `data_folder`, which must be missing or hold no data (models/ and the
/// configuration may be there): Code::conflict. Every hash is verified, the manifest must be complete, the
/// database is checked: Code::corrupt, and `data_folder` stays as it was.
[[nodiscard]] Result<BackupReport> restore(const std::string& file, const std::string& data_folder);

}  // namespace bastide::storage
