// From the lines of all pages to blocks: headings by size, paragraphs joined over lines, columns and pages,
// lists, tables kept row by row, code kept line by line.
#pragma once

#include <vector>

#include "knowledge/parse/builder.h"
#include "knowledge/parse/pdf/lines.h"

namespace bastide::knowledge::parse::pdf {

void lay_out(const std::vector<Page>& pages, detail::Builder& builder);

}  // namespace bastide::knowledge::parse::pdf
