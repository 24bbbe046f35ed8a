#include "knowledge/parse/office/docx.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/office/numbering.h"
#include "knowledge/parse/office/properties.h"
#include "knowledge/parse/office/xml.h"

namespace bastide::knowledge::parse::office {
namespace {

using detail::Builder;
using detail::Row;

enum class Role { plain, title, heading, quote, caption, code };

struct Style {
  std::string name;  // in lower case; English whatever the language of Word
  std::string based_on;
  std::string list_id;
  long list_level = -1;
  long outline = -1;
};

class Styles {
 public:
  void load(Archive& archive, const std::string& part) {
    pugi::xml_document xml;
    if (!archive.has(part) || !read_part(archive, part, xml)) return;
    for (auto node : xml.document_element().children()) {
      if (local_name(node) != "style") continue;
      Style style;
      style.name = ascii_lower(attr(child(node, "name"), "val"));
      style.based_on = attr(child(node, "basedOn"), "val");
      auto properties = child(node, "pPr");
      style.outline = office::number(attr(child(properties, "outlineLvl"), "val"), -1);
      auto list = child(properties, "numPr");
      style.list_id = attr(child(list, "numId"), "val");
      style.list_level = office::number(attr(child(list, "ilvl"), "val"), -1);
      styles_.emplace(std::string(attr(node, "styleId")), std::move(style));
    }
  }

  /// The first of a style and those it is based on that `has` what is looked for.
  template <class Has>
  [[nodiscard]] const Style* find(std::string_view id, Has has) const {
    constexpr int chain_max = 20;
    for (int i = 0; i < chain_max; ++i) {
      auto found = styles_.find(id);
      if (found == styles_.end()) return nullptr;
      if (has(found->second)) return &found->second;
      id = found->second.based_on;
    }
    return nullptr;
  }

 private:
  std::map<std::string, Style, std::less<>> styles_;
};

int heading_number(std::string_view style_name) {
  if (!style_name.starts_with("heading ")) return 0;
  return static_cast<int>(number(style_name.substr(8), 0));
}

Role role_of(const Style& style) {
  const auto& name = style.name;
  if (heading_number(name) > 0) return Role::heading;
  if (name == "title") return Role::title;
  if (name == "subtitle") return Role::plain;
  if (name == "quote" || name == "intense quote") return Role::quote;
  if (name == "caption") return Role::caption;
  if (name == "html preformatted" || name == "macro" || name == "plain text" ||
      name.find("code") != std::string::npos)
    return Role::code;
  return Role::plain;
}

class Reader {
 public:
  Reader(Builder& builder, const Styles& styles, Numbering& numbering)
      : builder_(builder), styles_(styles), numbering_(numbering) {}

  void body(const pugi::xml_node& node) {
    for (auto one : node.children()) {
      if (builder_.full()) return;
      auto name = local_name(one);
      if (name == "p")
        paragraph(one);
      else if (name == "tbl") {
        flush_code();
        table(one);
      } else if (name == "sdt")
        body(child(one, "sdtContent"));
      else if (name == "ins" || name == "moveTo" || name == "customXml" || name == "smartTag" ||
               name == "footnote" || name == "endnote")
        body(one);
    }
  }

  void flush_code() {
    if (!code_.empty()) builder_.code(std::exchange(code_, {}));
  }

 private:
  struct Look {
    Role role = Role::plain;
    int level = 0;  // of a heading
    std::string list_id;
    int list_level = 0;
  };

  [[nodiscard]] Look look(const pugi::xml_node& properties) const {
    Look out;
    auto style_id = attr(child(properties, "pStyle"), "val");
    if (const auto* style =
            styles_.find(style_id, [](const Style& s) { return role_of(s) != Role::plain; })) {
      out.role = role_of(*style);
      out.level = out.role == Role::title ? 1 : heading_number(style->name);
    }
    auto outline = number(attr(child(properties, "outlineLvl"), "val"), -1);
    if (outline < 0)
      if (const auto* style = styles_.find(style_id, [](const Style& s) { return s.outline >= 0; }))
        outline = style->outline;
    if (out.role == Role::plain && outline >= 0 && outline < 9) {
      out.role = Role::heading;
      out.level = static_cast<int>(outline) + 1;
    }
    auto list = child(properties, "numPr");
    out.list_id = attr(child(list, "numId"), "val");
    auto level = number(attr(child(list, "ilvl"), "val"), -1);
    if (out.list_id.empty())
      if (const auto* style = styles_.find(style_id, [](const Style& s) { return !s.list_id.empty(); })) {
        out.list_id = style->list_id;
        if (level < 0) level = style->list_level;
        if (level < 0 && out.role == Role::heading) level = out.level - 1;
      }
    if (out.list_id == "0") out.list_id.clear();
    out.list_level = static_cast<int>(std::clamp(level, 0L, 8L));
    return out;
  }

  void paragraph(const pugi::xml_node& node) {
    auto boxes_before = boxes_.size();
    std::string text;
    runs(node, text);
    auto how = look(child(node, "pPr"));
    auto empty = trim(text).empty();
    auto label = how.list_id.empty() || empty ? std::string() : numbering_.next(how.list_id, how.list_level);
    if (how.role == Role::code) {
      if (!code_.empty()) code_ += '\n';
      code_ += text;
    } else {
      flush_code();
      if (!empty) write(how, label, text);
    }
    // Boxes that are anchored here, after their paragraph.
    while (boxes_.size() > boxes_before) {
      auto box = boxes_.back();
      boxes_.pop_back();
      body(box);
    }
  }

  void write(const Look& how, const std::string& label, const std::string& text) {
    switch (how.role) {
      case Role::title:
        if (builder_.document.title.empty()) builder_.document.title = detail::clean(text);
        builder_.heading(1, text);
        return;
      case Role::heading:
        builder_.heading(how.level, label + text);
        return;
      case Role::quote:
        builder_.quote(text);
        return;
      case Role::caption:
        builder_.caption(text);
        return;
      case Role::code:
      case Role::plain:
        break;
    }
    if (how.list_id.empty())
      builder_.paragraph(text);
    else
      builder_.list_item(how.list_level + 1, label + text);
  }

  // The text of what is inside a paragraph.
  void runs(const pugi::xml_node& node, std::string& out) {
    for (auto one : node.children()) {
      auto name = local_name(one);
      if (name == "t")
        out += one.text().get();
      else if (name == "tab" || name == "ptab")
        out += '\t';
      else if (name == "br" || name == "cr")
        out += '\n';
      else if (name == "noBreakHyphen")
        out += '-';
      else if (name == "sym")
        symbol(one, out);
      else if (name == "AlternateContent") {
        // The same thing for newer and older readers: one of them.
        auto choice = child(one, "Choice");
        runs(choice ? choice : child(one, "Fallback"), out);
      } else if (name == "txbxContent") {
        constexpr std::size_t boxes_max = 10'000;
        if (boxes_.size() < boxes_max) boxes_.push_back(one);
      } else if (name != "pPr" && name != "rPr" && name != "del" && name != "moveFrom" &&
                 name != "instrText" && name != "delText" && name != "posOffset" && name != "pctHeight" &&
                 name != "pctWidth" && name != "fldData" && name != "object")
        runs(one, out);
    }
  }

  static void symbol(const pugi::xml_node& node, std::string& out) {
    // Wingdings in the private use area: the marks that matter.
    auto code = ascii_lower(attr(node, "char"));
    if (code == "f0fe" || code == "f052" || code == "00fe") out += "☑";
    if (code == "f0a8" || code == "f06f" || code == "00a8") out += "☐";
    if (code == "f0e0") out += "→";
  }

  // A cell's text: its paragraphs, lists and tables flattened.
  void cell_text(const pugi::xml_node& node, std::string& out) {
    for (auto one : node.children()) {
      auto name = local_name(one);
      if (name == "p") {
        std::string text;
        auto boxes_before = boxes_.size();
        runs(one, text);
        for (auto i = boxes_before; i < boxes_.size(); ++i) cell_text(boxes_[i], text);
        boxes_.resize(boxes_before);
        if (!out.empty() && !text.empty()) out += ' ';
        out += text;
      } else if (name != "tcPr" && name != "trPr" && name != "tblPr" && name != "tblGrid")
        cell_text(one, out);
    }
  }

  void rows_of(const pugi::xml_node& node, std::vector<Row>& rows, std::uint32_t& header_rows) {
    for (auto one : node.children()) {
      auto name = local_name(one);
      if (name == "tr") {
        if (is_on(child(child(one, "trPr"), "tblHeader")) && header_rows == rows.size()) ++header_rows;
        rows.emplace_back();
        cells_of(one, rows.back());
      } else if (name == "sdt")
        rows_of(child(one, "sdtContent"), rows, header_rows);
      else if (name == "ins")
        rows_of(one, rows, header_rows);
    }
  }

  void cells_of(const pugi::xml_node& row, Row& cells) {
    for (auto one : row.children()) {
      auto name = local_name(one);
      if (name == "sdt") cells_of(child(one, "sdtContent"), cells);
      if (name != "tc") continue;
      auto properties = child(one, "tcPr");
      std::string text;
      auto merge = child(properties, "vMerge");
      if (!merge || attr(merge, "val") == "restart") cell_text(one, text);
      cells.push_back(std::move(text));
      auto span = number(attr(child(properties, "gridSpan"), "val"), 1);
      for (long i = 1; i < std::clamp(span, 1L, 100L); ++i) cells.emplace_back();
    }
  }

  void table(const pugi::xml_node& node) {
    std::vector<pugi::xml_node> only_cell;
    std::size_t cells = 0;
    for (auto row : node.children())
      if (local_name(row) == "tr")
        for (auto cell : row.children())
          if (local_name(cell) == "tc" && ++cells == 1) only_cell.push_back(cell);
    // A frame around text.
    if (cells == 1) return body(only_cell.front());
    std::vector<Row> rows;
    std::uint32_t header_rows = 0;
    rows_of(node, rows, header_rows);
    builder_.table(rows, rows.size() > 1 ? std::max(header_rows, 1U) : 0);
  }

  Builder& builder_;
  const Styles& styles_;
  Numbering& numbering_;
  std::vector<pugi::xml_node> boxes_;
  std::string code_;
};

void read_notes(Archive& archive, const std::string& part, Reader& reader) {
  pugi::xml_document xml;
  if (!archive.has(part) || !read_part(archive, part, xml)) return;
  // The separator lines between text and notes have types; notes have none.
  for (auto note : xml.document_element().children())
    if (attr(note, "type").empty()) reader.body(note);
}

}  // namespace

Result<void> parse_docx(std::string_view bytes, Builder& builder) {
  auto archive = Archive::open(bytes);
  if (!archive) return pass(archive);
  auto part = main_part(*archive, "word/document.xml");
  pugi::xml_document xml;
  if (auto done = read_part(*archive, part, xml); !done) return pass(done);
  Styles styles;
  Numbering numbering;
  auto related = relations(*archive, part);
  for (const auto& [id, relation] : related) {
    if (relation.type == "styles") styles.load(*archive, relation.target);
    if (relation.type == "numbering") numbering.load(*archive, relation.target);
  }
  read_properties(*archive, builder);
  Reader reader(builder, styles, numbering);
  reader.body(child(xml.document_element(), "body"));
  reader.flush_code();
  for (const auto& [id, relation] : related)
    if (relation.type == "footnotes" || relation.type == "endnotes")
      read_notes(*archive, relation.target, reader);
  reader.flush_code();
  return {};
}

}  // namespace bastide::knowledge::parse::office
