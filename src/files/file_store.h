// What is kept of files besides their bytes: the port. storage/files implements it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::files {

struct StoredFile {
  std::string id;
  std::string person;
  UnixMillis created_at = 0;
  UnixMillis expires_at = 0;  // 0: never
  std::string purpose;
  std::int64_t bytes = 0;
  std::string blob;  // of the sealed bytes
  std::string name;
  std::string media_type;
  std::string key;  // 32 bytes that open the blob: gone with the row
};

/// Which of a person's files are listed. Ids sort by their time.
struct FileQuery {
  enum class Order : std::uint8_t { newest_first, oldest_first };
  Order order = Order::newest_first;
  std::string purpose{};  // empty: any
  std::string after{};    // id of a file; empty: from the beginning
  std::size_t limit = 100;
};

/// What one person may keep.
struct FileBounds {
  std::int64_t files_max = 10'000;
  std::int64_t bytes_max = std::int64_t{16} * 1024 * 1024 * 1024;
};

/// Everything is of one person: another's id is Code::not_found, detail no_file_of_id, as one that does not
/// exist or has expired. Blocking, thread-safe; what returned is on the disk.
class FileStore {
 public:
  virtual ~FileStore() = default;

  /// Code::conflict when there is one of this id; Code::too_large, detail too_many_files, beyond `bounds`,
  /// where there are any.
  virtual Result<void> add(const StoredFile& file, const std::optional<FileBounds>& bounds) = 0;
  virtual Result<StoredFile> find(std::string_view id, std::string_view person, UnixMillis now) = 0;
  virtual Result<std::vector<StoredFile>> list(std::string_view person, const FileQuery& query,
                                               UnixMillis now) = 0;

  // What is removed leaves its blob among the gone ones.
  virtual Result<void> remove(std::string_view id, std::string_view person) = 0;
  /// Gives how many there were.
  virtual Result<std::int64_t> remove_all(std::string_view person) = 0;
  /// At most `limit` of those that have expired; gives how many.
  virtual Result<std::int64_t> remove_expired(UnixMillis now, std::size_t limit) = 0;

  virtual Result<std::vector<std::string>> gone(std::size_t limit) = 0;
  /// `blob` is removed.
  virtual Result<void> forget(std::string_view blob) = 0;
  /// Whether a file has its bytes there.
  virtual Result<bool> holds(std::string_view blob) = 0;
};

}  // namespace bastide::files
