// A ZIP file in memory, with limits against archives made to explode.
#pragma once

#include <zip.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::knowledge::parse::office {

/// One thread at a time. The bytes must outlive it.
class Archive {
 public:
  static constexpr std::int64_t entries_max = 20'000;
  static constexpr std::uint64_t unpacked_bytes_max = 2ULL * 1024 * 1024 * 1024;  // as declared, all entries
  static constexpr std::uint64_t read_bytes_max = 512ULL * 1024 * 1024;           // really unpacked by us
  static constexpr std::uint64_t ratio_max = 300;  // of an entry beyond ratio_from_bytes
  static constexpr std::uint64_t ratio_from_bytes = 32ULL * 1024 * 1024;

  /// Errors: corrupt, zip_bomb.
  [[nodiscard]] static Result<Archive> open(std::string_view bytes);

  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// Errors: corrupt (missing or damaged), zip_bomb (more than allowed, or than it declares),
  /// password_protected.
  [[nodiscard]] Result<std::string> read(const std::string& name);

 private:
  explicit Archive(zip_t* zip) : zip_(zip, zip_discard) {}
  std::unique_ptr<zip_t, void (*)(zip_t*)> zip_;
  std::uint64_t read_bytes_ = 0;
};

/// "corrupt", for a document in a ZIP whose `part` is missing or unreadable.
[[nodiscard]] std::unexpected<Error> damaged(std::string_view part);

}  // namespace bastide::knowledge::parse::office
