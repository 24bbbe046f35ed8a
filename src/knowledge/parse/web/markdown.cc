#include "knowledge/parse/web/markdown.h"

#include <md4c.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/web/html.h"

namespace bastide::knowledge::parse::web {
namespace {

using detail::Builder;
using detail::Row;

struct List {
  bool ordered = false;
  unsigned next = 1;
};

struct State {
  explicit State(Builder& into) : builder(into) {}
  Builder& builder;
  std::string text;
  std::vector<List> lists;
  std::vector<Row> rows;
  std::string mark;        // of the item that has not begun yet
  bool item_open = false;  // its first text makes the item, what follows are paragraphs
  int quotes = 0;
  std::uint32_t header_rows = 0;
  bool in_html = false;

  void flush() {
    auto out = std::exchange(text, {});
    if (out.find_first_not_of(" \n") == std::string::npos) return;
    if (!lists.empty() && item_open) {
      builder.list_item(static_cast<int>(lists.size()), mark + out);
      item_open = false;
    } else if (quotes > 0)
      builder.quote(out);
    else
      builder.paragraph(out);
  }
};

int enter_block(MD_BLOCKTYPE type, void* detail, void* user) {
  auto& state = *static_cast<State*>(user);
  switch (type) {
    case MD_BLOCK_QUOTE:
      state.flush();
      ++state.quotes;
      break;
    case MD_BLOCK_UL:
      state.flush();
      state.lists.push_back({});
      break;
    case MD_BLOCK_OL:
      state.flush();
      state.lists.push_back({true, static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start});
      break;
    case MD_BLOCK_LI: {
      state.flush();
      state.item_open = true;
      auto& list = state.lists.back();
      state.mark = list.ordered ? std::to_string(list.next++) + ". " : std::string();
      auto* item = static_cast<MD_BLOCK_LI_DETAIL*>(detail);
      if (item->is_task) state.mark += item->task_mark == ' ' ? "☐ " : "☑ ";
      break;
    }
    case MD_BLOCK_TABLE:
      state.flush();
      state.rows.clear();
      state.header_rows = 0;
      break;
    case MD_BLOCK_TR:
      state.rows.emplace_back();
      break;
    case MD_BLOCK_HTML:
      state.flush();
      state.in_html = true;
      break;
    case MD_BLOCK_P:
    case MD_BLOCK_H:
    case MD_BLOCK_CODE:
    case MD_BLOCK_HR:
      state.flush();
      break;
    default:
      break;
  }
  return 0;
}

int leave_block(MD_BLOCKTYPE type, void* detail, void* user) {
  auto& state = *static_cast<State*>(user);
  switch (type) {
    case MD_BLOCK_QUOTE:
      state.flush();
      --state.quotes;
      break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      state.flush();
      state.lists.pop_back();
      break;
    case MD_BLOCK_LI:
      state.flush();
      state.item_open = false;
      break;
    case MD_BLOCK_H:
      state.builder.heading(static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level),
                            std::exchange(state.text, {}));
      break;
    case MD_BLOCK_CODE:
      state.builder.code(std::exchange(state.text, {}));
      break;
    case MD_BLOCK_P:
      state.flush();
      break;
    case MD_BLOCK_TH:
      state.header_rows = static_cast<std::uint32_t>(state.rows.size());
      [[fallthrough]];
    case MD_BLOCK_TD:
      state.rows.back().push_back(std::exchange(state.text, {}));
      break;
    case MD_BLOCK_TABLE:
      state.builder.table(state.rows, state.header_rows);
      break;
    case MD_BLOCK_HTML: {
      state.in_html = false;
      auto html = std::exchange(state.text, {});
      parse_html(html, state.builder);
      break;
    }
    default:
      break;
  }
  return 0;
}

int on_span(MD_SPANTYPE, void*, void*) { return 0; }

void append_entity(std::string& out, std::string_view entity) {
  for (auto [name, text] : {std::pair<std::string_view, std::string_view>{"&amp;", "&"},
                            {"&lt;", "<"},
                            {"&gt;", ">"},
                            {"&quot;", "\""},
                            {"&apos;", "'"},
                            {"&nbsp;", " "},
                            {"&eacute;", "é"},
                            {"&egrave;", "è"},
                            {"&agrave;", "à"},
                            {"&ccedil;", "ç"},
                            {"&copy;", "©"},
                            {"&euro;", "€"},
                            {"&hellip;", "…"},
                            {"&mdash;", "—"},
                            {"&ndash;", "–"},
                            {"&laquo;", "«"},
                            {"&raquo;", "»"}})
    if (entity == name) {
      out += text;
      return;
    }
  out += entity;
}

int on_text(MD_TEXTTYPE type, const MD_CHAR* bytes, MD_SIZE size, void* user) {
  auto& state = *static_cast<State*>(user);
  std::string_view text(bytes, size);
  switch (type) {
    case MD_TEXT_NULLCHAR:
      break;
    case MD_TEXT_BR:
      state.text += '\n';
      break;
    case MD_TEXT_SOFTBR:
      state.text += ' ';
      break;
    case MD_TEXT_ENTITY:
      append_entity(state.text, text);
      break;
    case MD_TEXT_HTML:
      // Inline tags are dropped, blocks of HTML are parsed as such.
      if (state.in_html)
        state.text += text;
      else if (ascii_lower(text).starts_with("<br"))
        state.text += '\n';
      break;
    default:
      state.text += text;
  }
  return state.builder.full() ? 1 : 0;
}

}  // namespace

void parse_markdown(std::string_view text, Builder& builder) {
  // Front matter between two lines of "---" is about the document, not in it.
  if (text.starts_with("---\n") || text.starts_with("---\r\n")) {
    if (auto end = text.find("\n---", 4); end != std::string_view::npos && end < 16 * 1024) {
      for (auto line : split(text.substr(4, end - 4), '\n')) {
        auto colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) continue;
        auto value = trim(line.substr(colon + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
          value = value.substr(1, value.size() - 2);
        auto name = ascii_lower(trim(line.substr(0, colon)));
        if (name == "title") builder.document.title = std::string(value);
        if (name == "author" || name == "date") builder.metadata(name, value);
      }
      auto rest = text.find('\n', end + 1);
      text = rest == std::string_view::npos ? std::string_view() : text.substr(rest + 1);
    }
  }
  MD_PARSER parser{};
  parser.flags = MD_FLAG_TABLES | MD_FLAG_TASKLISTS | MD_FLAG_STRIKETHROUGH | MD_FLAG_PERMISSIVEAUTOLINKS;
  parser.enter_block = enter_block;
  parser.leave_block = leave_block;
  parser.enter_span = on_span;
  parser.leave_span = on_span;
  parser.text = on_text;
  State state(builder);
  md_parse(text.data(), static_cast<MD_SIZE>(std::min<std::size_t>(text.size(), 1U << 30U)), &parser, &state);
  state.flush();
  if (builder.document.title.empty())
    for (const auto& block : builder.document.blocks)
      if (block.kind == BlockKind::heading && block.level == 1) {
        builder.document.title = block.text;
        break;
      }
}

}  // namespace bastide::knowledge::parse::web
