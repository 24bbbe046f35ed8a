// Images that callers send.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "models/local/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::models::local;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto told = image_size(bytes);
  // Large ones take seconds under sanitizers, and teach nothing that small ones do not.
  if (!told || std::uint64_t{told->first} * told->second > 1 << 20) return 0;
  const auto image = decode_image(bytes);
  if (!image) return 0;
  if (image->width != told->first || image->height != told->second) std::abort();
  if (image->rgb.size() != std::size_t{image->width} * image->height * 3) std::abort();
  return 0;
}
