// A secret that stands in a file of its own.
#pragma once

#include <optional>
#include <string>

namespace bastide {

/// What the file holds, without spaces around it; nothing when it cannot be read, is empty, larger than 64
/// KiB, or holds more than a line of text. Blocks.
[[nodiscard]] std::optional<std::string> read_secret_file(const std::string& path);

}  // namespace bastide
