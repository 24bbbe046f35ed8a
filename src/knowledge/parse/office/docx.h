// Word documents (ECMA-376 WordprocessingML).
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::office {

/// Headings by style and outline level with their numbers, lists, tables whole, text boxes, foot- and
/// endnotes last. Deleted text, comments and running headers are left out. Errors: corrupt, zip_bomb,
/// password_protected.
[[nodiscard]] Result<void> parse_docx(std::string_view bytes, detail::Builder& builder);

}  // namespace bastide::knowledge::parse::office
