// Stored documents, and what crosses the process boundary.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "knowledge/parse/document.h"
#include "knowledge/parse/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::knowledge::parse;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)detail::read_error(bytes);
  (void)detail::read_request(bytes);
  auto document = read_document(bytes);
  if (!document) return 0;
  (void)boxes_of(*document, {0, 1000});
  if (!read_document(write_document(*document))) std::abort();
  return 0;
}
