// The last entry of a backup: what must be in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::storage::detail {

struct Manifest {
  struct File {
    std::string name;
    std::string sha256;  // hexadecimal
    std::uint64_t bytes = 0;
  };
  UnixMillis created_at = 0;
  std::vector<File> files;  // all but blobs, whose names are their hashes
  std::uint64_t blobs = 0;  // entries
  std::vector<std::string> damaged;
};

[[nodiscard]] std::string manifest_json(const Manifest& manifest);
/// Code::corrupt for what is none; Code::unsupported for one of a later format.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view json);

}  // namespace bastide::storage::detail
