// E-books (EPUB 2 and 3).
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::office {

/// The chapters of the spine, in order. Errors: corrupt, zip_bomb, password_protected (copy protection).
[[nodiscard]] Result<void> parse_epub(std::string_view bytes, detail::Builder& builder);

}  // namespace bastide::knowledge::parse::office
