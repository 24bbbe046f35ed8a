// What an image says of itself before any of it is decoded: its kind, its size, and which way up it was
// taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace bastide::models::local {

enum class ImageFormat { png, jpeg, webp };

struct ImageHeader {
  ImageFormat format = ImageFormat::png;
  std::uint32_t width = 0;   // as stored
  std::uint32_t height = 0;  // as stored
  int orientation = 1;       // EXIF's, 1 to 8: from 5 on its sides change places
  int components = 0;        // of a JPEG: 1 gray, 3 colour, 4 printed colour
};

constexpr std::size_t image_bytes_max = 32 << 20;
constexpr std::uint32_t image_side_max = 16'384;
constexpr std::uint64_t image_pixels_max = 40'000'000;
constexpr std::uint32_t image_aspect_max = 200;  // the long side to the short one

/// Takes time in proportion to `bytes`, and memory for the frames of an animation alone. Code::invalid with
/// detail unknown_image, damaged_image or image_too_large.
[[nodiscard]] Result<ImageHeader> read_image_header(std::string_view bytes);

[[nodiscard]] std::unexpected<Error> damaged_image();

}  // namespace bastide::models::local
