// Small files of every kind, made by the tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "knowledge/parse/document.h"
#include "knowledge/parse/nursery.h"
#include "knowledge/parse/parse.h"

namespace bastide::knowledge::parse::test {

using Parts = std::vector<std::pair<std::string, std::string>>;

/// A ZIP of `parts`, deflated, in order.
std::string make_zip(const Parts& parts);
/// A Word document whose body is `body_xml`; `more` are further parts.
std::string make_docx(const std::string& body_xml, Parts more = {});
std::string make_pptx(const std::vector<std::string>& shape_trees, Parts more = {});
std::string make_xlsx(const std::string& sheet_rows, Parts more = {});

struct PdfText {
  int x;
  int y;  // from the bottom, as PDF counts
  int size;
  std::string text;  // Latin-1 without parentheses
  bool bold = false;
};
/// A PDF with one list of texts a page, Helvetica, 595 x 842 points.
std::string make_pdf(const std::vector<std::vector<PdfText>>& pages, int rotate = 0);

/// A file of its own that is removed at the end.
class TempFile {
 public:
  explicit TempFile(std::string_view bytes);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// One for all tests of this program.
Nursery& nursery();
/// Through the sandboxed process.
Result<ParsedDocument> parse_in_child(std::string_view bytes, const std::string& name);
/// In this process.
Result<ParsedDocument> parse_here(std::string_view bytes, const std::string& name,
                                  const std::string& type = {});

/// "heading1:Title|paragraph:Text|..." for short comparisons.
std::string outline(const ParsedDocument& document);

/// BASTIDE_TEST_DATA/knowledge/parsers/docling, or empty.
std::string docling_folder();
std::string read_whole(const std::string& path);

}  // namespace bastide::knowledge::parse::test
