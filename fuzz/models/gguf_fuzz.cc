// Heads of model files: whatever a person imports.
#include <cstddef>
#include <cstdint>

#include "models/catalogue/manifest.h"
#include "models/gguf/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto facts = bastide::models::gguf::parse_facts(bytes, size))
    (void)facts->cache_bytes_per_token();
  const std::string head = "GGUF\x03" + std::string(3, '\0') + std::string(bytes);
  if (const auto facts = bastide::models::gguf::parse_facts(head, 1 << 30))
    (void)facts->cache_bytes_per_token();
  (void)bastide::models::parse_manifest(bytes, "/m");
  return 0;
}
