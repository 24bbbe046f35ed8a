// Reading order of a page's lines, and what repeats on many pages.
#pragma once

#include <vector>

#include "knowledge/parse/pdf/lines.h"

namespace bastide::knowledge::parse::pdf {

/// Keeps the order the document was written in, which is mostly right, unless lines jump up over each other;
/// then by recursive cuts along white space (XY-cut, Nagy and Seth 1984): columns before rows, the widest gap
/// first.
enum class Trust { written_order, nothing };
void put_in_reading_order(std::vector<Line>& lines, Trust trust = Trust::written_order);

/// Takes lines apart that run across two columns of prose: the gap between them stands at one place for many
/// lines, and both sides hold sentences rather than cells. True when it did; the lines then need to be put in
/// order.
bool split_columns(Page& page);

/// Removes running headers, footers and page numbers: lines near the top or bottom edge that return, digits
/// aside, on at least three pages and a third of them at the same height.
void drop_running_lines(std::vector<Page>& pages);

}  // namespace bastide::knowledge::parse::pdf
