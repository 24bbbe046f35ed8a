// Markdown (CommonMark with tables, task lists and strike-through), by md4c.
#pragma once

#include <string_view>

#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::web {

/// `text` is UTF-8. HTML within it is left out but for its text.
void parse_markdown(std::string_view text, detail::Builder& builder);

}  // namespace bastide::knowledge::parse::web
