// Finding a short text in many bytes.
#pragma once

#include <string_view>

namespace bastide {

/// As hay.find(needle), several times as fast where the needle's first letter is frequent, as quotes are in
/// JSON.
[[nodiscard]] std::size_t find_bytes(std::string_view hay, std::string_view needle);

}  // namespace bastide
