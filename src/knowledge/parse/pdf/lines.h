// A PDF page as lines of words with their boxes, in the order a person reads them.
#pragma once

#include <string>
#include <vector>

#include "knowledge/parse/document.h"
#include "knowledge/parse/pdf/pdfium.h"

namespace bastide::knowledge::parse::pdf {

struct Line {
  std::string text;        // clean; words separated by one space
  std::size_t length = 0;  // code points
  std::vector<WordStop> words;
  std::vector<std::size_t> cells;        // indices in `words` where a cell begins after a wide gap
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // points from the top left, as shown
  float size = 0;                        // font size in points as shown, of most of its characters
  bool bold = false;
  bool mono = false;
  bool broken_word = false;  // PDFium saw a hyphen that breaks a word at the line's end
  [[nodiscard]] float height() const { return y1 - y0; }
};

struct Page {
  float width = 0;
  float height = 0;
  std::vector<Line> lines;
};

/// False when the page cannot be loaded.
[[nodiscard]] bool read_page(const Document& document, int index, Page& into);

}  // namespace bastide::knowledge::parse::pdf
