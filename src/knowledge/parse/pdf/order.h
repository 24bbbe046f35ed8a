// Reading order of a page's lines, and what repeats on many pages.
#pragma once

#include <vector>

#include "knowledge/parse/pdf/lines.h"

namespace bastide::knowledge::parse::pdf {

/// Keeps the order the document was written in, which is mostly right, unless lines jump up over each other;
/// then by recursive cuts along white space (XY-cut, Nagy and Seth 1984): columns before rows, the widest gap
/// first.
void put_in_reading_order(std::vector<Line>& lines);

/// Removes running headers, footers and page numbers: lines near the top or bottom edge that return, digits
/// aside, on at least three pages and a third of them at the same height.
void drop_running_lines(std::vector<Page>& pages);

}  // namespace bastide::knowledge::parse::pdf
