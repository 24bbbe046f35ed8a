#include "knowledge/parse/office/pptx.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/office/properties.h"
#include "knowledge/parse/office/xml.h"

namespace bastide::knowledge::parse::office {
namespace {

using detail::Builder;
using detail::Row;

void text_of(const pugi::xml_node& paragraph, std::string& out) {
  for (auto one : paragraph.children()) {
    auto name = local_name(one);
    if (name == "t")
      out += one.text().get();
    else if (name == "br")
      out += '\n';
    else if (name != "rPr" && name != "pPr" && name != "endParaRPr")
      text_of(one, out);
  }
}

std::string body_text(const pugi::xml_node& body) {
  std::string out;
  for (auto paragraph : body.children()) {
    if (local_name(paragraph) != "p") continue;
    if (!out.empty()) out += '\n';
    text_of(paragraph, out);
  }
  return out;
}

std::string_view placeholder(const pugi::xml_node& shape) {
  auto mark = child(child(child(shape, "nvSpPr"), "nvPr"), "ph");
  if (!mark) return {};
  auto type = attr(mark, "type");
  return type.empty() ? std::string_view("obj") : type;
}

class Slide {
 public:
  Slide(Archive& archive, Builder& builder, std::string part)
      : archive_(archive), builder_(builder), part_(std::move(part)), related_(relations(archive, part_)) {}

  void read(const pugi::xml_node& tree, PageInfo& page) {
    // The title first, wherever it stands in the file.
    find_title(tree);
    page.title = detail::clean(title_);
    if (!page.title.empty()) builder_.heading(1, page.title);
    shapes(tree);
  }

  void notes() {
    for (const auto& [id, relation] : related_) {
      if (relation.type != "notesSlide") continue;
      pugi::xml_document xml;
      if (!read_part(archive_, relation.target, xml)) continue;
      for (auto shape : child(child(xml.document_element(), "cSld"), "spTree").children())
        if (placeholder(shape) == "body") builder_.quote(body_text(child(shape, "txBody")));
    }
  }

 private:
  void find_title(const pugi::xml_node& tree) {
    for (auto one : tree.children()) {
      if (!title_.empty()) return;
      auto kind = placeholder(one);
      if (kind == "title" || kind == "ctrTitle") title_ = body_text(child(one, "txBody"));
      if (local_name(one) == "grpSp") find_title(one);
    }
  }

  void shapes(const pugi::xml_node& tree) {
    for (auto one : tree.children()) {
      if (builder_.full()) return;
      auto name = local_name(one);
      if (name == "sp" || name == "cxnSp")
        shape(one);
      else if (name == "grpSp")
        shapes(one);
      else if (name == "graphicFrame")
        frame(one);
      else if (name == "AlternateContent") {
        auto choice = child(one, "Choice");
        shapes(choice ? choice : child(one, "Fallback"));
      }
    }
  }

  void shape(const pugi::xml_node& node) {
    auto kind = placeholder(node);
    if (kind == "title" || kind == "ctrTitle" || kind == "sldNum" || kind == "dt" || kind == "ftr" ||
        kind == "hdr")
      return;
    auto body = child(node, "txBody");
    auto listed = kind == "body" || kind == "obj";
    std::string text;
    for (auto paragraph : body.children()) {
      if (local_name(paragraph) != "p") continue;
      std::string one;
      text_of(paragraph, one);
      if (trim(one).empty()) continue;
      auto properties = child(paragraph, "pPr");
      auto bullet = child(properties, "buChar") || child(properties, "buAutoNum");
      if (bullet || (listed && !child(properties, "buNone"))) {
        flush(text);
        builder_.list_item(static_cast<int>(number(attr(properties, "lvl"), 0)) + 1, one);
      } else {
        if (!text.empty()) text += '\n';
        text += one;
      }
    }
    flush(text);
  }

  void flush(std::string& text) {
    if (!text.empty()) builder_.paragraph(text);
    text.clear();
  }

  void frame(const pugi::xml_node& node) {
    auto data = child(child(node, "graphic"), "graphicData");
    for (auto one : data.children()) {
      auto name = local_name(one);
      if (name == "tbl") table(one);
      if (name == "chart") chart(std::string(attr(one, "id")));
      if (name == "relIds") diagram(std::string(attr(one, "dm")));
    }
  }

  void table(const pugi::xml_node& node) {
    std::vector<Row> rows;
    for (auto row : node.children()) {
      if (local_name(row) != "tr") continue;
      rows.emplace_back();
      for (auto cell : row.children())
        if (local_name(cell) == "tc") rows.back().push_back(body_text(child(cell, "txBody")));
    }
    builder_.table(rows, rows.size() > 1 ? 1 : 0);
  }

  // A chart keeps the words and numbers it shows: a table of categories and series.
  void chart(const std::string& id) {
    auto found = related_.find(id);
    pugi::xml_document xml;
    if (found == related_.end() || found->second.target.empty() ||
        !read_part(archive_, found->second.target, xml))
      return;
    auto chart_node = child(xml.document_element(), "chart");
    std::string title;
    text_of(child(chart_node, "title"), title);
    builder_.caption(title);
    for (auto plot : child(chart_node, "plotArea").children()) {
      std::vector<Row> rows(1, Row{""});
      for (auto series : plot.children()) {
        if (local_name(series) != "ser") continue;
        auto names = points(child(series, "tx"));
        auto categories = points(child(series, "cat"));
        auto values = points(child(series, "val"));
        rows.front().push_back(names.empty() ? std::string() : names.begin()->second);
        auto column = rows.front().size() - 1;
        for (const auto& [index, value] : values) {
          auto row = static_cast<std::size_t>(index) + 1;
          if (rows.size() <= row) rows.resize(row + 1);
          if (auto name = categories.find(index); name != categories.end()) {
            if (rows[row].empty()) rows[row].emplace_back();
            rows[row][0] = name->second;
          }
          if (rows[row].size() <= column) rows[row].resize(column + 1);
          rows[row][column] = value;
        }
      }
      if (rows.size() > 1) builder_.table(rows, 1);
    }
  }

  static std::map<long, std::string> points(const pugi::xml_node& node) {
    constexpr long points_max = 10'000;
    std::map<long, std::string> out;
    for (auto one : node.children())
      for (auto cache : one.children())
        for (auto point : cache.children()) {
          auto index = number(attr(point, "idx"), -1);
          if (local_name(point) == "pt" && index >= 0 && index < points_max)
            out[index] = child(point, "v").text().get();
        }
    return out;
  }

  void diagram(const std::string& id) {
    auto found = related_.find(id);
    pugi::xml_document xml;
    if (found == related_.end() || found->second.target.empty() ||
        !read_part(archive_, found->second.target, xml))
      return;
    for (auto point : child(xml.document_element(), "ptLst").children())
      builder_.list_item(1, body_text(child(point, "t")));
  }

  Archive& archive_;
  Builder& builder_;
  std::string part_;
  std::map<std::string, Relation> related_;
  std::string title_;
};

}  // namespace

Result<void> parse_pptx(std::string_view bytes, const detail::ParseHints& hints, Builder& builder) {
  auto archive = Archive::open(bytes);
  if (!archive) return pass(archive);
  auto part = main_part(*archive, "ppt/presentation.xml");
  pugi::xml_document xml;
  if (auto done = read_part(*archive, part, xml); !done) return pass(done);
  read_properties(*archive, builder);
  auto related = relations(*archive, part);
  std::vector<std::string> slides;
  for (auto one : child(xml.document_element(), "sldIdLst").children()) {
    // Two attributes are called id: the relation's has a prefix.
    for (auto attribute : one.attributes()) {
      auto found = related.find(attribute.value());
      if (std::string_view(attribute.name()).ends_with(":id") && found != related.end())
        slides.push_back(found->second.target);
    }
  }
  for (std::size_t i = 0; i < slides.size() && !builder.full(); ++i) {
    builder.document.pages.emplace_back();
    builder.set_page(static_cast<std::uint32_t>(i + 1));
    pugi::xml_document slide_xml;
    if (auto done = read_part(*archive, slides[i], slide_xml); !done) {
      if (done.error().detail != "corrupt") return pass(done);
      builder.warn("pages_damaged");
      continue;
    }
    auto root = slide_xml.document_element();
    if (attr(root, "show") == "0") {
      builder.warn("hidden_slide_skipped");
      continue;
    }
    Slide slide(*archive, builder, slides[i]);
    slide.read(child(child(root, "cSld"), "spTree"), builder.document.pages.back());
    slide.notes();
    if (hints.on_progress) hints.on_progress(i + 1, slides.size());
  }
  return {};
}

}  // namespace bastide::knowledge::parse::office
