// Plain text, JSON and XML as text, and tables of text (CSV).
#pragma once

#include <string_view>

#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::detail {

/// Paragraphs between blank lines; lines that begin with a list mark are items. `text` is UTF-8.
void parse_text(std::string_view text, Builder& builder);
/// One block of code a few thousand lines.
void parse_code(std::string_view text, Builder& builder);
/// Comma, semicolon, tab or bar, whichever splits the first lines most evenly; fields in quotes may hold line
/// ends (RFC 4180).
void parse_csv(std::string_view text, Builder& builder);

}  // namespace bastide::knowledge::parse::detail
