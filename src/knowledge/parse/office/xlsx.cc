#include "knowledge/parse/office/xlsx.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/office/cell_format.h"
#include "knowledge/parse/office/properties.h"
#include "knowledge/parse/office/sheet_regions.h"
#include "knowledge/parse/office/xml.h"

namespace bastide::knowledge::parse::office {
namespace {

using detail::Builder;
using detail::Row;

// "AB12" gives 27; -1 when it is no reference.
long column_of(std::string_view reference) {
  long column = 0;
  std::size_t i = 0;
  for (; i < reference.size() && reference[i] >= 'A' && reference[i] <= 'Z' && i < 3; ++i)
    column = column * 26 + (reference[i] - 'A' + 1);
  return i == 0 ? -1 : column - 1;
}

// The text of a shared or inline string: its runs, without phonetic guides.
void string_of(const pugi::xml_node& node, std::string& out) {
  for (auto one : node.children()) {
    auto name = local_name(one);
    if (name == "t") out += one.text().get();
    if (name == "r") string_of(one, out);
  }
}

struct Book {
  std::vector<std::string> strings;
  std::vector<CellFormat> formats;  // by a cell's style
  bool from_1904 = false;
};

void read_strings(const pugi::xml_document& xml, Book& book) {
  constexpr std::size_t strings_max = 5'000'000;
  for (auto one : xml.document_element().children()) {
    if (local_name(one) != "si" || book.strings.size() >= strings_max) continue;
    std::string text;
    string_of(one, text);
    book.strings.push_back(std::move(text));
  }
}

void read_formats(const pugi::xml_document& xml, Book& book) {
  std::map<long, CellFormat> own;
  for (auto one : child(xml.document_element(), "numFmts").children())
    own[number(attr(one, "numFmtId"), -1)] = format_of_code(attr(one, "formatCode"));
  for (auto one : child(xml.document_element(), "cellXfs").children()) {
    auto id = number(attr(one, "numFmtId"), 0);
    auto found = own.find(id);
    book.formats.push_back(found == own.end() ? builtin_format(id) : found->second);
  }
}

std::string value_of(const pugi::xml_node& cell, const Book& book) {
  auto type = attr(cell, "t");
  if (type == "inlineStr") {
    std::string out;
    string_of(child(cell, "is"), out);
    return out;
  }
  std::string_view raw = child(cell, "v").text().get();
  if (type == "s") {
    auto index = number(raw, -1);
    return index >= 0 && static_cast<std::size_t>(index) < book.strings.size()
               ? book.strings[static_cast<std::size_t>(index)]
               : std::string();
  }
  if (type == "str" || type == "e" || type == "d") return std::string(raw);
  if (type == "b") return raw == "1" ? "TRUE" : "FALSE";
  if (raw.empty()) return {};
  auto style = number(attr(cell, "s"), -1);
  auto format = style >= 0 && static_cast<std::size_t>(style) < book.formats.size()
                    ? book.formats[static_cast<std::size_t>(style)]
                    : CellFormat::general;
  return show_number(raw, format, book.from_1904);
}

void read_sheet(const pugi::xml_document& xml, const Book& book, Builder& builder) {
  SheetRegions regions(builder);
  long next_row = 1;
  for (auto row : child(xml.document_element(), "sheetData").children()) {
    if (local_name(row) != "row" || builder.full()) continue;
    auto at = number(attr(row, "r"), next_row);
    if (at > next_row) regions.blank();
    next_row = at + 1;
    Row cells;
    constexpr long columns_max = 16'384;
    for (auto cell : row.children()) {
      if (local_name(cell) != "c") continue;
      auto column = column_of(attr(cell, "r"));
      if (column < 0) column = static_cast<long>(cells.size());
      if (column >= columns_max) break;
      auto value = value_of(cell, book);
      if (value.empty()) continue;
      if (static_cast<std::size_t>(column) >= cells.size())
        cells.resize(static_cast<std::size_t>(column) + 1);
      cells[static_cast<std::size_t>(column)] = std::move(value);
    }
    regions.row(std::move(cells));
  }
  regions.blank();
}

}  // namespace

Result<void> parse_xlsx(std::string_view bytes, const detail::ParseHints& hints, Builder& builder) {
  auto archive = Archive::open(bytes);
  if (!archive) return pass(archive);
  auto part = main_part(*archive, "xl/workbook.xml");
  pugi::xml_document xml;
  if (auto done = read_part(*archive, part, xml); !done) return pass(done);
  read_properties(*archive, builder);
  Book book;
  auto related = relations(*archive, part);
  for (const auto& [id, relation] : related) {
    if (relation.type != "sharedStrings" && relation.type != "styles") continue;
    pugi::xml_document extra;
    if (auto done = read_part(*archive, relation.target, extra); !done) return pass(done);
    if (relation.type == "styles")
      read_formats(extra, book);
    else
      read_strings(extra, book);
  }
  auto workbook = xml.document_element();
  auto date_1904 = attr(child(workbook, "workbookPr"), "date1904");
  book.from_1904 = date_1904 == "1" || date_1904 == "true";
  auto sheets = child(workbook, "sheets");
  std::size_t total = 0;
  for ([[maybe_unused]] auto one : sheets.children()) ++total;
  std::size_t page = 0;
  for (auto sheet : sheets.children()) {
    if (local_name(sheet) != "sheet" || builder.full()) continue;
    ++page;
    builder.document.pages.push_back({0, 0, detail::clean(attr(sheet, "name"))});
    if (attr(sheet, "state") == "hidden" || attr(sheet, "state") == "veryHidden") {
      builder.warn("hidden_sheet_skipped");
      continue;
    }
    auto found = related.find(std::string(attr(sheet, "id")));
    if (found == related.end() || found->second.type != "worksheet") continue;  // a sheet that is one chart
    pugi::xml_document sheet_xml;
    if (auto done = read_part(*archive, found->second.target, sheet_xml); !done) return pass(done);
    builder.set_page(static_cast<std::uint32_t>(page));
    builder.heading(1, builder.document.pages.back().title);
    auto before = builder.document.blocks.size();
    read_sheet(sheet_xml, book, builder);
    // An empty sheet leaves no title behind.
    if (builder.document.blocks.size() == before && before > 0) builder.document.blocks.pop_back();
    if (hints.on_progress) hints.on_progress(page, total);
  }
  return {};
}

}  // namespace bastide::knowledge::parse::office
