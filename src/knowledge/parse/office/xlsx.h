// Excel workbooks (ECMA-376 SpreadsheetML).
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"
#include "knowledge/parse/parse_bytes.h"

namespace bastide::knowledge::parse::office {

/// Sheets in their order as pages; their filled regions as tables, values as a person sees them (dates,
/// percentages). Hidden sheets are left out with a warning. Errors: corrupt, zip_bomb, password_protected.
[[nodiscard]] Result<void> parse_xlsx(std::string_view bytes, const detail::ParseHints& hints,
                                      detail::Builder& builder);

}  // namespace bastide::knowledge::parse::office
