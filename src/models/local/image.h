// Images as models take them: rows of colours, the right way up.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bastide::models::local {

/// Rows from the top, 3 bytes a pixel. What was transparent is laid over white.
struct Pixels {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> rgb;
};

/// A PNG, JPEG or WebP (the first frame), turned as its EXIF says. The limits of read_image_header hold
/// before memory is taken: 7 bytes a pixel at most, and what the decoder itself needs. Of a JPEG that was cut
/// short, what is there. Code::invalid with detail unknown_image, damaged_image or image_too_large.
[[nodiscard]] Result<Pixels> decode_image(std::string_view bytes);

/// Width and height as decode_image would give them, read from the header alone.
[[nodiscard]] Result<std::pair<std::uint32_t, std::uint32_t>> image_size(std::string_view bytes);

}  // namespace bastide::models::local
