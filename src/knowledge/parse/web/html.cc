#include "knowledge/parse/web/html.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/clean.h"

namespace bastide::knowledge::parse::web {
namespace {

using detail::Builder;
using detail::Row;

constexpr int depth_max = 400;  // deeper nesting is an attack on the stack, not a page

std::string_view attribute(const GumboNode& node, const char* name) {
  const auto* found = gumbo_get_attribute(&node.v.element.attributes, name);
  return found ? std::string_view(found->value) : std::string_view();
}

bool is(const GumboNode& node, GumboTag tag) {
  return node.type == GUMBO_NODE_ELEMENT && node.v.element.tag == tag;
}

template <class Fn>
void each_child(const GumboNode& node, Fn fn) {
  if (node.type != GUMBO_NODE_ELEMENT && node.type != GUMBO_NODE_TEMPLATE) return;
  const auto& children = node.v.element.children;
  for (unsigned i = 0; i < children.length; ++i) fn(*static_cast<const GumboNode*>(children.data[i]));
}

bool is_left_out(const GumboNode& node) {
  if (node.type == GUMBO_NODE_TEMPLATE || node.type == GUMBO_NODE_COMMENT) return true;
  if (node.type != GUMBO_NODE_ELEMENT) return false;
  switch (node.v.element.tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_NOSCRIPT:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_SVG:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_BUTTON:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_HEAD:
      return true;
    default:
      break;
  }
  if (gumbo_get_attribute(&node.v.element.attributes, "hidden")) return true;
  if (attribute(node, "aria-hidden") == "true") return true;
  auto style = ascii_lower(attribute(node, "style"));
  std::erase(style, ' ');
  if (style.find("display:none") != std::string::npos || style.find("visibility:hidden") != std::string::npos)
    return true;
  auto role = attribute(node, "role");
  return role == "navigation" || role == "search" || role == "menu" || role == "menubar";
}

bool is_block(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_P:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_FIGURE:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_FORM:
    case GUMBO_TAG_FIELDSET:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_BODY:
    case GUMBO_TAG_HTML:
    case GUMBO_TAG_UL:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_TBODY:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_DETAILS:
    case GUMBO_TAG_SUMMARY:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
      return true;
    default:
      return false;
  }
}

int heading_level(const GumboNode& node) {
  if (node.type != GUMBO_NODE_ELEMENT) return 0;
  auto tag = node.v.element.tag;
  return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6
             ? static_cast<int>(tag) - static_cast<int>(GUMBO_TAG_H1) + 1
             : 0;
}

// All the text in `node`: blocks within it are kept apart by spaces, line breaks stay.
void collect(const GumboNode& node, std::string& out, int depth) {
  if (depth > depth_max || is_left_out(node)) return;
  if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE || node.type == GUMBO_NODE_CDATA) {
    out += node.v.text.text;
    return;
  }
  if (is(node, GUMBO_TAG_BR)) {
    out += '\n';
    return;
  }
  auto apart = node.type == GUMBO_NODE_ELEMENT && is_block(node.v.element.tag);
  if (apart) out += ' ';
  each_child(node, [&](const GumboNode& child) { collect(child, out, depth + 1); });
  if (apart) out += ' ';
}

const GumboNode* find(const GumboNode& node, auto matches, int depth = 0) {
  if (depth > depth_max) return nullptr;
  if (node.type == GUMBO_NODE_ELEMENT && matches(node)) return &node;
  const GumboNode* found = nullptr;
  each_child(node, [&](const GumboNode& child) {
    if (!found) found = find(child, matches, depth + 1);
  });
  return found;
}

class Walker {
 public:
  explicit Walker(Builder& builder) : builder_(builder) {}

  void walk(const GumboNode& node, int depth) {
    if (depth > depth_max) {
      builder_.warn("nesting_cut");
      return;
    }
    if (builder_.full() || is_left_out(node)) return;
    if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE || node.type == GUMBO_NODE_CDATA) {
      // Line ends in the source are spaces; those that <br> made are not.
      for (const char* c = node.v.text.text; *c; ++c) inline_ += *c == '\n' || *c == '\r' ? ' ' : *c;
      return;
    }
    if (node.type != GUMBO_NODE_ELEMENT) return;
    element(node, depth);
  }

  void flush() {
    if (inline_.empty()) return;
    auto text = std::exchange(inline_, {});
    if (item_depth_ > 0 && !item_done_) {
      auto cleaned = detail::clean(text, detail::Spaces::keep_lines);
      if (cleaned.empty()) return;
      item_done_ = true;
      builder_.list_item(item_depth_, item_mark_ + cleaned);
    } else if (quote_depth_ > 0)
      builder_.quote(text);
    else
      builder_.paragraph(text);
  }

 private:
  void children(const GumboNode& node, int depth) {
    each_child(node, [&](const GumboNode& child) { walk(child, depth + 1); });
  }

  void element(const GumboNode& node, int depth) {
    auto tag = node.v.element.tag;
    if (tag == GUMBO_TAG_BR) {
      inline_ += '\n';
      return;
    }
    if (!is_block(tag)) return children(node, depth);
    flush();
    if (auto level = heading_level(node)) {
      std::string text;
      each_child(node, [&](const GumboNode& child) { collect(child, text, depth); });
      builder_.heading(level, text);
      return;
    }
    switch (tag) {
      case GUMBO_TAG_UL:
      case GUMBO_TAG_OL:
        list(node, depth);
        break;
      case GUMBO_TAG_TABLE:
        table(node, depth);
        break;
      case GUMBO_TAG_PRE: {
        std::string text;
        each_child(node, [&](const GumboNode& child) { collect(child, text, depth); });
        builder_.code(text);
        break;
      }
      case GUMBO_TAG_BLOCKQUOTE:
        ++quote_depth_;
        children(node, depth);
        flush();
        --quote_depth_;
        break;
      case GUMBO_TAG_FIGCAPTION:
      case GUMBO_TAG_CAPTION: {
        std::string text;
        each_child(node, [&](const GumboNode& child) { collect(child, text, depth); });
        builder_.caption(detail::clean(text));
        break;
      }
      default:
        children(node, depth);
        flush();
    }
  }

  // A menu: many items, each of a word or two, and all of it links.
  static bool is_menu(const GumboNode& list, int depth) {
    std::size_t items = 0;
    each_child(list, [&](const GumboNode& child) { items += is(child, GUMBO_TAG_LI); });
    constexpr std::size_t items_min = 10;
    if (items < items_min) return false;
    std::string all;
    collect(list, all, depth);
    std::string linked;
    collect_links(list, linked, depth);
    auto size = count_code_points(detail::clean(all));
    return size < items * 20 && count_code_points(detail::clean(linked)) * 10 >= size * 9;
  }

  static void collect_links(const GumboNode& node, std::string& out, int depth) {
    if (depth > depth_max || is_left_out(node)) return;
    if (is(node, GUMBO_TAG_A)) {
      collect(node, out, depth);
      out += ' ';
      return;
    }
    each_child(node, [&](const GumboNode& child) { collect_links(child, out, depth + 1); });
  }

  void list(const GumboNode& node, int depth) {
    if (is_menu(node, depth)) return;
    auto outer_depth = item_depth_;
    auto outer_done = item_done_;
    auto outer_mark = item_mark_;
    auto ordered = is(node, GUMBO_TAG_OL);
    long number = 1;
    if (auto start = attribute(node, "start"); ordered && !start.empty())
      number = std::clamp(std::strtol(std::string(start).c_str(), nullptr, 10), -100'000L, 100'000'000L);
    item_depth_ = outer_depth + 1;
    each_child(node, [&](const GumboNode& child) {
      item_done_ = false;
      item_mark_ = ordered ? std::to_string(number) + ". " : std::string();
      walk(child, depth + 1);
      flush();
      if (is(child, GUMBO_TAG_LI)) ++number;
    });
    item_depth_ = outer_depth;
    item_done_ = outer_done;
    item_mark_ = outer_mark;
  }

  // Tables that arrange a page rather than hold data: they contain headings, lists, or other tables.
  static bool is_layout(const GumboNode& table) {
    if (attribute(table, "role") == "presentation") return true;
    const GumboNode* inside = nullptr;
    each_child(table, [&](const GumboNode& child) {
      if (!inside)
        inside =
            find(child, [](const GumboNode& n) { return is(n, GUMBO_TAG_TABLE) || heading_level(n) > 0; });
    });
    return inside && !find(table, [](const GumboNode& n) { return is(n, GUMBO_TAG_TH); });
  }

  void table(const GumboNode& node, int depth) {
    if (is_layout(node)) {
      children(node, depth);
      flush();
      return;
    }
    std::vector<Row> rows;
    std::uint32_t header_rows = 0;
    auto headers_go_on = true;
    collect_rows(node, rows, header_rows, headers_go_on, depth);
    builder_.table(rows, rows.size() > 1 ? std::max(header_rows, 1U) : header_rows);
  }

  void collect_rows(const GumboNode& node, std::vector<Row>& rows, std::uint32_t& header_rows,
                    bool& headers_go_on, int depth) {
    constexpr std::size_t rows_max = 500'000;
    if (depth > depth_max) return;
    each_child(node, [&](const GumboNode& child) {
      if (child.type != GUMBO_NODE_ELEMENT || rows.size() >= rows_max) return;
      switch (child.v.element.tag) {
        case GUMBO_TAG_THEAD:
        case GUMBO_TAG_TBODY:
        case GUMBO_TAG_TFOOT:
          collect_rows(child, rows, header_rows, headers_go_on, depth + 1);
          break;
        case GUMBO_TAG_CAPTION: {
          std::string text;
          collect(child, text, depth + 1);
          builder_.caption(detail::clean(text));
          break;
        }
        case GUMBO_TAG_TR: {
          auto all_headers = true;
          rows.push_back(cells(child, depth + 1, all_headers));
          headers_go_on = headers_go_on && (all_headers || is(node, GUMBO_TAG_THEAD));
          header_rows += headers_go_on;
          break;
        }
        default:
          break;
      }
    });
  }

  static Row cells(const GumboNode& row, int depth, bool& all_headers) {
    Row out;
    each_child(row, [&](const GumboNode& cell) {
      if (!is(cell, GUMBO_TAG_TD) && !is(cell, GUMBO_TAG_TH)) return;
      all_headers = all_headers && is(cell, GUMBO_TAG_TH);
      std::string text;
      each_child(cell, [&](const GumboNode& child) { collect(child, text, depth); });
      out.push_back(std::move(text));
      // Columns stay under their headings.
      auto span = std::strtol(std::string(attribute(cell, "colspan")).c_str(), nullptr, 10);
      for (long i = 1; i < std::clamp(span, 1L, 100L); ++i) out.emplace_back();
    });
    return out;
  }

  Builder& builder_;
  std::string inline_;
  std::string item_mark_;
  int item_depth_ = 0;
  bool item_done_ = false;
  int quote_depth_ = 0;
};

constexpr std::array<std::string_view, 32> never_nested{
    "area",   "base",  "br",   "col",  "embed", "hr",     "img",      "input", "link",  "meta",  "param",
    "source", "track", "wbr",  "p",    "li",    "td",     "th",       "tr",    "tbody", "thead", "tfoot",
    "dt",     "dd",    "html", "head", "body",  "option", "colgroup", "path",  "rect",  "use"};

// Elements open at once, nearly: enough to tell pages from attacks. HTML5's rules cost the square of the
// depth.
bool is_too_deep(std::string_view html) {
  constexpr int open_max = 4000;
  int open = 0;
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string_view::npos; ++at) {
    auto rest = html.substr(at + 1, 24);
    auto closes = rest.starts_with('/');
    if (closes) rest.remove_prefix(1);
    std::size_t size = 0;
    while (size < rest.size() && ((rest[size] | 0x20) >= 'a' && (rest[size] | 0x20) <= 'z')) ++size;
    if (size == 0) continue;
    if (std::ranges::find(never_nested, ascii_lower(rest.substr(0, size))) != never_nested.end()) continue;
    open = std::max(open + (closes ? -1 : 1), 0);
    if (open > open_max) return true;
  }
  return false;
}

// What stands between the tags.
std::string without_tags(std::string_view html) {
  std::string out;
  for (std::size_t at = 0; at < html.size();) {
    auto tag = std::min(html.find('<', at), html.size());
    out += html.substr(at, tag - at);
    out += ' ';
    auto end = html.find('>', tag);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return out;
}

std::size_t text_size(const GumboNode& node) {
  std::string text;
  collect(node, text, 0);
  return detail::clean(text).size();
}

}  // namespace

std::string declared_charset(std::string_view bytes) {
  auto head = ascii_lower(bytes.substr(0, 1024));
  auto at = head.find("charset=");
  if (at == std::string::npos) return {};
  auto rest = std::string_view(head).substr(at + 8);
  while (!rest.empty() && (rest.front() == '"' || rest.front() == '\'' || rest.front() == ' '))
    rest.remove_prefix(1);
  return std::string(rest.substr(0, rest.find_first_of("\"' >;/")));
}

void parse_html(std::string_view html, Builder& builder) {
  if (is_too_deep(html)) {
    builder.warn("nesting_cut");
    builder.paragraph(without_tags(html));
    return;
  }
  auto options = kGumboDefaultOptions;
  options.max_errors = 0;
  auto destroy = [&options](GumboOutput* output) { gumbo_destroy_output(&options, output); };
  std::unique_ptr<GumboOutput, decltype(destroy)> output(
      gumbo_parse_with_options(&options, html.data(), html.size()), destroy);
  if (!output) return;
  const auto& root = *output->root;
  if (const auto* title = find(root, [](const GumboNode& n) { return is(n, GUMBO_TAG_TITLE); })) {
    std::string text;
    each_child(*title, [&](const GumboNode& child) { collect(child, text, 0); });
    if (builder.document.title.empty()) builder.document.title = detail::clean(text);
  }
  auto language = ascii_lower(attribute(root, "lang").substr(0, 2));
  if (language == "fr" || language == "en") builder.document.language = language;
  const auto* body = find(root, [](const GumboNode& n) { return is(n, GUMBO_TAG_BODY); });
  const auto& whole = body ? *body : root;
  const auto* main =
      find(whole, [](const GumboNode& n) { return is(n, GUMBO_TAG_MAIN) || attribute(n, "role") == "main"; });
  // A main part that holds next to nothing was filled by a script that does not run here.
  if (main && text_size(*main) * 5 < text_size(whole)) main = nullptr;
  Walker walker(builder);
  walker.walk(main ? *main : whole, 0);
  walker.flush();
}

}  // namespace bastide::knowledge::parse::web
