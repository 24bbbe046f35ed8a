// What a file is: any bytes, any name, through the whole parser but PDF (which has fuzzers of its own
// upstream).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "knowledge/parse/chunker.h"
#include "knowledge/parse/parse_bytes.h"
#include "knowledge/parse/pdf/pdfium.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::knowledge::parse;
  if (size < 1) return 0;
  constexpr const char* names[] = {"",      "a.docx", "a.txt", "a.html", "a.md",
                                   "a.csv", "a.eml",  "a.odt", "a.json"};
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (pdf::looks_like_pdf(bytes)) return 0;
  detail::ParseHints hints;
  hints.name = names[data[0] % std::size(names)];
  hints.text_bytes_max = 1024 * 1024;
  auto document = detail::parse_bytes(bytes, hints);
  if (!document) {
    if (document.error().detail.empty() || document.error().action.empty()) std::abort();
    return 0;
  }
  auto whole = whole_text(*document);
  for (const auto& chunk : chunk_document(*document))
    if (slice(whole, chunk.range).empty()) std::abort();
  return 0;
}
