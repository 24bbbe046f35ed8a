// Parsed documents as they are stored: parse::write_document under zstd.
#pragma once

#include <string>
#include <string_view>

#include "knowledge/parse/document.h"

namespace bastide::knowledge::ingest {

[[nodiscard]] std::string pack(const parse::ParsedDocument& document);
/// Code::corrupt when `bytes` are not what `pack` gave.
[[nodiscard]] Result<parse::ParsedDocument> unpack(std::string_view bytes);

}  // namespace bastide::knowledge::ingest
