// Parsing in this process, without confinement: what the parser process runs, and what fuzz targets and tests
// call.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/parse/document.h"

namespace bastide::knowledge::parse::detail {

struct ParseHints {
  std::string name;
  std::string declared_type;
  std::size_t text_bytes_max = 128ULL * 1024 * 1024;
  std::function<void(std::size_t done, std::size_t total)> on_progress;
  int depth = 0;  // files within files so far
};

/// Finds the type by content, refuses a name or type that lies, parses, checks that there is text, places the
/// blocks.
[[nodiscard]] Result<ParsedDocument> parse_bytes(std::string_view bytes, const ParseHints& hints);

}  // namespace bastide::knowledge::parse::detail
