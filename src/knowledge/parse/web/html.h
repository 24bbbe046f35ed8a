// Web pages, by gumbo (HTML5).
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::web {

/// `html` is UTF-8. The page's main part where it has one; navigation, scripts and hidden parts are left out.
void parse_html(std::string_view html, detail::Builder& builder);

/// The encoding a page declares of itself in its first kilobyte; empty when it does not.
[[nodiscard]] std::string declared_charset(std::string_view bytes);

}  // namespace bastide::knowledge::parse::web
