#include "knowledge/parse/office/odf.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/office/sheet_regions.h"
#include "knowledge/parse/office/xml.h"

namespace bastide::knowledge::parse::office {
namespace {

using detail::Builder;
using detail::Row;

class Reader {
 public:
  explicit Reader(Builder& builder) : builder_(builder) {}

  void body(const pugi::xml_node& node, int list_depth = 0) {
    for (auto one : node.children()) {
      if (builder_.full()) return;
      auto name = local_name(one);
      if (name == "h" || name == "p")
        paragraph(one, name == "h", list_depth);
      else if (name == "list")
        list(one, list_depth + 1);
      else if (name == "table" && in_sheets_)
        sheet(one);
      else if (name == "table")
        table(one);
      else if (name == "page")
        page(one);
      else if (name == "notes")
        notes(one);
      else if (name != "tracked-changes" && name != "sequence-decls" && name != "forms" &&
               name != "annotation" && name != "shapes")
        body(one, list_depth);
    }
  }

  void sheets(const pugi::xml_node& node) {
    in_sheets_ = true;
    body(node);
  }

  void end() {
    for (auto& note : notes_) builder_.paragraph(note);
  }

 private:
  void text_of(const pugi::xml_node& node, std::string& out) {
    for (auto one : node.children()) {
      if (one.type() == pugi::node_pcdata || one.type() == pugi::node_cdata) {
        out += one.value();
        continue;
      }
      auto name = local_name(one);
      if (name == "s")
        out.append(static_cast<std::size_t>(std::clamp(number(attr(one, "c"), 1), 1L, 1000L)), ' ');
      else if (name == "tab")
        out += '\t';
      else if (name == "line-break")
        out += '\n';
      else if (name == "note") {
        constexpr std::size_t notes_max = 10'000;
        std::string text;
        text_of(child(one, "note-citation"), text);
        text += ' ';
        text_of(child(one, "note-body"), text);
        if (notes_.size() < notes_max) notes_.push_back(std::move(text));
      } else if (name == "frame" || name == "custom-shape" || name == "g")
        boxes_.push_back(one);
      else if (name != "annotation" && name != "tracked-changes")
        text_of(one, out);
    }
  }

  void paragraph(const pugi::xml_node& node, bool is_heading, int list_depth) {
    auto boxes_before = boxes_.size();
    std::string text;
    text_of(node, text);
    if (is_heading)
      builder_.heading(static_cast<int>(number(attr(node, "outline-level"), 1)), text);
    else if (list_depth > 0)
      builder_.list_item(list_depth, text);
    else if (attr(node, "style-name") == "Title") {
      if (builder_.document.title.empty()) builder_.document.title = detail::clean(text);
      builder_.heading(1, text);
    } else
      builder_.paragraph(text);
    while (boxes_.size() > boxes_before) {
      auto box = boxes_.back();
      boxes_.pop_back();
      body(box);
    }
  }

  void list(const pugi::xml_node& node, int depth) {
    for (auto item : node.children()) {
      auto name = local_name(item);
      if (name == "list-item" || name == "list-header") body(item, depth);
    }
  }

  void cell_text(const pugi::xml_node& node, std::string& out) {
    for (auto one : node.children()) {
      auto name = local_name(one);
      if (name == "annotation") continue;
      if (name == "p" || name == "h") {
        if (!out.empty()) out += ' ';
        auto boxes_before = boxes_.size();
        text_of(one, out);
        boxes_.resize(boxes_before);
      } else
        cell_text(one, out);
    }
  }

  void cells_of(const pugi::xml_node& row, Row& cells) {
    constexpr long columns_max = 1024;
    for (auto one : row.children()) {
      auto name = local_name(one);
      if (name != "table-cell" && name != "covered-table-cell") continue;
      std::string text;
      cell_text(one, text);
      // Sheets say "and a thousand more like this" for what is empty.
      auto repeat = std::clamp(number(attr(one, "number-columns-repeated"), 1), 1L, columns_max);
      for (long i = 0; i < repeat && static_cast<long>(cells.size()) < columns_max; ++i)
        cells.push_back(text);
    }
    while (!cells.empty() && trim(cells.back()).empty()) cells.pop_back();
  }

  template <class Fn>
  void each_row(const pugi::xml_node& node, bool header, Fn fn) {
    for (auto one : node.children()) {
      auto name = local_name(one);
      if (name == "table-row")
        fn(one, header);
      else if (name == "table-header-rows")
        each_row(one, true, fn);
      else if (name == "table-rows" || name == "table-row-group")
        each_row(one, header, fn);
    }
  }

  void table(const pugi::xml_node& node) {
    std::vector<Row> rows;
    std::uint32_t header_rows = 0;
    each_row(node, false, [&](const pugi::xml_node& row, bool header) {
      rows.emplace_back();
      cells_of(row, rows.back());
      if (header && header_rows + 1 == rows.size()) ++header_rows;
    });
    builder_.table(rows, rows.size() > 1 ? std::max(header_rows, 1U) : 0);
  }

  void sheet(const pugi::xml_node& node) {
    start_page(std::string(attr(node, "name")));
    builder_.heading(1, attr(node, "name"));
    auto before = builder_.document.blocks.size();
    SheetRegions regions(builder_);
    each_row(node, false, [&](const pugi::xml_node& row, bool) {
      constexpr long repeat_max = 1000;
      Row cells;
      cells_of(row, cells);
      auto repeat =
          cells.empty() ? 1 : std::clamp(number(attr(row, "number-rows-repeated"), 1), 1L, repeat_max);
      for (long i = 0; i < repeat && !builder_.full(); ++i) regions.row(cells);
    });
    regions.blank();
    if (builder_.document.blocks.size() == before && before > 0) builder_.document.blocks.pop_back();
  }

  void page(const pugi::xml_node& node) {
    std::string title;
    for (auto frame : node.children()) {
      if (attr(frame, "class") != "title") continue;
      cell_text(frame, title);
      break;
    }
    start_page(title);
    builder_.heading(1, title);
    for (auto one : node.children()) {
      if (attr(one, "class") == "title") continue;
      if (local_name(one) == "notes")
        notes(one);
      else if (local_name(one) == "frame" || local_name(one) == "custom-shape" || local_name(one) == "g")
        body(one);
    }
  }

  void notes(const pugi::xml_node& node) {
    for (auto frame : node.children()) {
      if (attr(frame, "class") != "notes") continue;
      std::string text;
      cell_text(frame, text);
      builder_.quote(text);
    }
  }

  void start_page(const std::string& title) {
    builder_.document.pages.push_back({0, 0, detail::clean(title)});
    builder_.set_page(static_cast<std::uint32_t>(builder_.document.pages.size()));
  }

  Builder& builder_;
  std::vector<pugi::xml_node> boxes_;
  std::vector<std::string> notes_;
  bool in_sheets_ = false;
};

void read_meta(Archive& archive, Builder& builder) {
  pugi::xml_document xml;
  if (!archive.has("meta.xml") || !read_part(archive, "meta.xml", xml)) return;
  for (auto one : child(xml.document_element(), "meta").children()) {
    auto name = local_name(one);
    if (name == "title") builder.document.title = detail::clean(one.text().get());
    if (name == "initial-creator") builder.metadata("author", one.text().get());
    if (name == "creation-date") builder.metadata("created", one.text().get());
    if (name == "subject") builder.metadata("subject", one.text().get());
  }
}

}  // namespace

Result<void> parse_odf(std::string_view bytes, Builder& builder) {
  auto archive = Archive::open(bytes);
  if (!archive) return pass(archive);
  pugi::xml_document xml;
  if (auto done = read_part(*archive, "content.xml", xml); !done) return pass(done);
  read_meta(*archive, builder);
  Reader reader(builder);
  for (auto kind : child(xml.document_element(), "body").children()) {
    if (local_name(kind) == "spreadsheet")
      reader.sheets(kind);
    else
      reader.body(kind);
  }
  reader.end();
  return {};
}

}  // namespace bastide::knowledge::parse::office
