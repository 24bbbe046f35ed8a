// Bytes in some encoding to UTF-8, by ICU; detection by uchardet.
#pragma once

#include <string>
#include <string_view>

namespace bastide::knowledge::parse::detail {

/// A byte order mark wins, then valid UTF-8, then `declared` (a charset's name, may be empty), then
/// detection, then Windows-1252. Always valid UTF-8.
[[nodiscard]] std::string decode(std::string_view bytes, std::string_view declared = {});

/// From a charset known by name; empty `name` or an unknown one falls back to decode().
[[nodiscard]] std::string decode_as(std::string_view bytes, const std::string& name);

[[nodiscard]] std::string from_utf16le(std::string_view bytes);

}  // namespace bastide::knowledge::parse::detail
