#include <cstddef>
#include <cstdint>
#include <string_view>

#include "knowledge/parse/builder.h"
#include "knowledge/parse/mail/eml.h"
#include "knowledge/parse/mail/mime.h"
#include "knowledge/parse/pdf/pdfium.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::knowledge::parse;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)mail::decode_header(bytes);
  if (pdf::looks_like_pdf(bytes)) return 0;
  detail::Builder builder(1024 * 1024);
  (void)mail::parse_eml(bytes, {}, builder);
  return 0;
}
