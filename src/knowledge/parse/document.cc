#include "knowledge/parse/document.h"

#include <algorithm>

#include "base/text.h"

namespace bastide::knowledge::parse {
namespace {

// x of code point `at` on `line`: exact at word starts, even between two of them.
float x_at(const LineBox& line, std::size_t at) {
  auto offset = static_cast<double>(at - line.range.start);
  double before_offset = 0;
  double before_x = line.x0;
  auto after_offset = static_cast<double>(line.range.end - line.range.start);
  double after_x = line.x1;
  for (const auto& stop : line.words) {
    if (stop.offset <= offset) {
      before_offset = stop.offset;
      before_x = stop.x;
    } else {
      after_offset = stop.offset;
      after_x = stop.x;
      break;
    }
  }
  if (after_offset <= before_offset) return static_cast<float>(before_x);
  return static_cast<float>(before_x +
                            (after_x - before_x) * (offset - before_offset) / (after_offset - before_offset));
}

}  // namespace

std::string_view block_kind_name(BlockKind kind) {
  switch (kind) {
    case BlockKind::heading:
      return "heading";
    case BlockKind::paragraph:
      return "paragraph";
    case BlockKind::list_item:
      return "list";
    case BlockKind::table:
      return "table";
    case BlockKind::code:
      return "code";
    case BlockKind::quote:
      return "quote";
    case BlockKind::caption:
      return "caption";
  }
  return "paragraph";
}

void place_blocks(ParsedDocument& document) {
  std::size_t at = 0;
  for (auto& block : document.blocks) {
    for (auto& line : block.lines) {
      line.range.start = line.range.start - block.start + at;
      line.range.end = line.range.end - block.start + at;
    }
    block.start = at;
    block.length = count_code_points(block.text);
    at += block.length + 2;
  }
}

std::string whole_text(const ParsedDocument& document) {
  std::string out;
  std::size_t bytes = 0;
  for (const auto& block : document.blocks) bytes += block.text.size() + 2;
  out.reserve(bytes);
  for (const auto& block : document.blocks) {
    if (&block != document.blocks.data()) out += "\n\n";
    out += block.text;
  }
  return out;
}

std::string_view slice(std::string_view text, TextRange range) {
  if (range.end <= range.start) return {};
  auto first = byte_of_code_point(text, range.start);
  auto rest = text.substr(first);
  return rest.substr(0, byte_of_code_point(rest, range.end - range.start));
}

std::vector<LineBox> boxes_of(const ParsedDocument& document, TextRange range) {
  std::vector<LineBox> out;
  auto block = std::ranges::partition_point(
      document.blocks, [&](const Block& b) { return b.start + b.length <= range.start; });
  for (; block != document.blocks.end() && block->start < range.end; ++block) {
    for (const auto& line : block->lines) {
      auto start = std::max(line.range.start, range.start);
      auto end = std::min(line.range.end, range.end);
      if (start >= end) continue;
      LineBox cut{{start, end}, line.page, x_at(line, start), line.y0, x_at(line, end), line.y1, {}};
      // Right-to-left words start further right than they end.
      if (cut.x0 > cut.x1) std::swap(cut.x0, cut.x1);
      out.push_back(std::move(cut));
    }
  }
  return out;
}

}  // namespace bastide::knowledge::parse
