// PDF, read by PDFium.
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"
#include "knowledge/parse/parse_bytes.h"

namespace bastide::knowledge::parse::pdf {

/// Text with boxes, in reading order. Errors: password_protected, corrupt, no_text, pdf_unavailable.
[[nodiscard]] Result<void> parse(std::string_view bytes, const detail::ParseHints& hints,
                                 detail::Builder& builder);

}  // namespace bastide::knowledge::parse::pdf
