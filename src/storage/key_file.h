// The master key: 32 random bytes in a file of its own, outside of the database.
#pragma once

#include <string>

#include "base/result.h"

namespace bastide::storage {

/// Reads the key at `path`, or makes it (and its folder) when there is none, mode 0600, durable before it
/// returns; safe when two processes start at once. Code::corrupt when the file has another size;
/// Code::unavailable, with what to do, when other accounts may read it.
[[nodiscard]] Result<std::string> open_key_file(const std::string& path);

}  // namespace bastide::storage
