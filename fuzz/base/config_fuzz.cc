// Any bytes as a configuration: a value or an error with a message, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  constexpr std::size_t bytes_max = 64 * 1024;
  if (size_bytes > bytes_max) return 0;
  const auto config = bastide::parse_config({reinterpret_cast<const char*>(data), size_bytes}, "fuzz.toml");
  if (config) {
    if (config->labels.empty() || config->default_label.empty()) std::abort();
  } else if (config.error().message.empty()) {
    std::abort();
  }
  return 0;
}
