// A PDF page as a picture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::knowledge::parse::pdf {

/// PNG, `width_px` wide, on white. Errors as Document::open, and no_such_page, too_large.
[[nodiscard]] Result<std::string> render(std::string_view bytes, std::uint32_t page, std::uint32_t width_px);

}  // namespace bastide::knowledge::parse::pdf
