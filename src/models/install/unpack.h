// One file out of a zip archive.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace bastide::models {

/// Writes `member` of the archive to `to`, synced, and returns its SHA-256 in hexadecimal. Code::corrupt when
/// the archive is damaged, does not hold it, or it is larger than `bytes_max`; Code::storage_full. Leaves
/// nothing at `to` when it fails.
[[nodiscard]] Result<std::string> unpack_member(const std::string& archive, const std::string& member,
                                                const std::string& to, std::uint64_t bytes_max);

}  // namespace bastide::models
