#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "knowledge/parse/builder.h"
#include "knowledge/parse/charset.h"
#include "knowledge/parse/web/markdown.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::knowledge::parse;
  auto text = detail::decode({reinterpret_cast<const char*>(data), size});
  detail::Builder builder(1024 * 1024);
  web::parse_markdown(text, builder);
  for (const auto& block : builder.document.blocks)
    if (block.text.empty() || !bastide::is_utf8(block.text)) std::abort();
  return 0;
}
