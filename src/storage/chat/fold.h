// Folding for search in one's own messages: case and accents of Latin letters are set aside.
#pragma once

#include <string>
#include <string_view>

namespace bastide::storage {

/// Letters of U+00C0 to U+017F become their base letter, A to Z become small; everything else stays.
[[nodiscard]] std::string fold(std::string_view text);

}  // namespace bastide::storage
