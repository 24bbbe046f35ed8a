// PowerPoint presentations (ECMA-376 PresentationML).
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"
#include "knowledge/parse/parse_bytes.h"

namespace bastide::knowledge::parse::office {

/// Slides in their order as pages with titles, lists, tables, charts' and diagrams' words, and the speaker's
/// notes; hidden slides are left out with a warning. Errors: corrupt, zip_bomb, password_protected.
[[nodiscard]] Result<void> parse_pptx(std::string_view bytes, const detail::ParseHints& hints,
                                      detail::Builder& builder);

}  // namespace bastide::knowledge::parse::office
