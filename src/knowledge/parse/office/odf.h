// OpenDocument text, spreadsheets and presentations (ISO/IEC 26300).
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::office {

/// Errors: corrupt, zip_bomb, password_protected.
[[nodiscard]] Result<void> parse_odf(std::string_view bytes, detail::Builder& builder);

}  // namespace bastide::knowledge::parse::office
