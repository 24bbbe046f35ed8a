// Text as every parser hands it on: valid UTF-8, NFC, plain spaces, nothing invisible.
#pragma once

#include <string>
#include <string_view>

namespace bastide::knowledge::parse::detail {

/// What happens to line ends and runs of spaces.
enum class Spaces {
  collapse,    // any run of white space becomes one space; none at the ends
  keep_lines,  // line ends stay (as "\n"), runs of spaces within a line become one; none at the ends of lines
  keep,        // spaces and line ends stay: code
};

/// Valid UTF-8 in NFC, without control and zero-width characters, every kind of space a plain one, soft
/// hyphens gone.
[[nodiscard]] std::string clean(std::string_view text, Spaces spaces = Spaces::collapse);

/// A cell of a table: collapsed, "|" kept apart from the separator by a backslash.
[[nodiscard]] std::string clean_cell(std::string_view text);

}  // namespace bastide::knowledge::parse::detail
