// What stands around a sentence in a passage: the row of a table that it is part of, the heading that it is.
// A passage's blocks are parted by blank lines; a table has one row a line, cells joined by " | ".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace bastide::knowledge::citations {

struct TableRow {
  std::size_t start = 0, end = 0;  // bytes of the passage's text: the whole line
  std::string_view header;         // the table's first row; empty when this is it
  bool names_columns = false;      // the first row of several, without figures: it says nothing alone
};

/// The row that holds byte `at` of `text`; none where no table is.
[[nodiscard]] std::optional<TableRow> table_row_at(std::string_view text, std::size_t at);

/// Whether `start` to `end` looks like a heading: a few words alone in their block, without a stop, after
/// something that is none itself and before a sentence or a table. It names what follows and says nothing of
/// it; the items of a list are no headings.
[[nodiscard]] bool is_heading(std::string_view text, std::size_t start, std::size_t end);

}  // namespace bastide::knowledge::citations
