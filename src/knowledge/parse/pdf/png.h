// Writing PNG (ISO/IEC 15948): eight bits a sample, without interlace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bastide::knowledge::parse::pdf {

/// From rows of blue, green, red and an unused byte, `stride` bytes apart. Grey pictures become grey PNG.
[[nodiscard]] std::string png_of_bgrx(const unsigned char* pixels, std::size_t width, std::size_t height,
                                      std::size_t stride);

}  // namespace bastide::knowledge::parse::pdf
