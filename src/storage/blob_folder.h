// The layout of the blobs folder, which backup and restore share with Blobs.
#pragma once

#include <string>
#include <string_view>

namespace bastide::storage {

/// ROOT/ab/cd/abcd…: the blobs.  ROOT/tmp: being written.  ROOT/unclaimed: a mark, NAME-…, for
/// each blob whose writer lives, or died.  ROOT/set-aside: deleted while a backup runs, which
/// holds ROOT/backup.lock exclusively (flock); deletions hold it shared.
struct BlobFolder {
  std::string root;

  /// 64 hexadecimal digits in lower case.
  [[nodiscard]] static bool is_name(std::string_view name);
  [[nodiscard]] std::string path(std::string_view name) const;
  [[nodiscard]] std::string temporary() const { return root + "/tmp"; }
  [[nodiscard]] std::string unclaimed() const { return root + "/unclaimed"; }
  [[nodiscard]] std::string set_aside(std::string_view name) const {
    return root + "/set-aside/" + std::string(name);
  }
  [[nodiscard]] std::string lock() const { return root + "/backup.lock"; }
  /// Deletes what was set aside, and says how many. The lock must be held, shared.
  [[nodiscard]] std::size_t drop_set_aside() const;
};

}  // namespace bastide::storage
