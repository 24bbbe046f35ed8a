// Rendered pages on disk, bounded.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace bastide::knowledge::detail {

/// Thread-safe. Files of one folder, named by blob, page and width; the least recently used go first.
/// Failures to write are not errors: a page is then rendered again.
class PageCache {
 public:
  PageCache(std::string folder, std::uint64_t bytes_max)
      : folder_(std::move(folder)), bytes_max_(bytes_max) {}
  [[nodiscard]] std::optional<std::string> get(std::string_view blob, int page, int width) const;
  void put(std::string_view blob, int page, int width, std::string_view png);
  /// Everything of `blob`.
  void forget(std::string_view blob);

 private:
  [[nodiscard]] std::string path_of(std::string_view blob, int page, int width) const;
  void make_room();

  const std::string folder_;
  const std::uint64_t bytes_max_;
  mutable std::mutex mutex_;
  std::uint64_t written_since_ = UINT64_MAX;  // bytes since the folder was last measured
};

}  // namespace bastide::knowledge::detail
