// The text of a file that somebody hands to a model.
#pragma once

#include <string>
#include <string_view>

#include "knowledge/ingest/parser.h"

namespace bastide::knowledge {

/// Reads `bytes` in the sandbox, as documents are read, without a trace on the disk; an empty line stands
/// between its blocks. Errors as parse::parse_file; Code::too_large, detail file_too_long, beyond 16 MB of
/// text. `name` and `media_type` are what its sender says. Blocks.
[[nodiscard]] Result<std::string> read_text(const Parser& parser, std::string_view bytes, std::string name,
                                            std::string media_type);

}  // namespace bastide::knowledge
