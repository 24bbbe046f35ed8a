#include "knowledge/parse/builder.h"

#include <algorithm>

#include "base/text.h"
#include "knowledge/parse/clean.h"

namespace bastide::knowledge::parse::detail {

void Builder::add(Block block) {
  if (full_ || block.text.empty()) return;
  // A block costs more than its text once it is an object: count that too, against millions of tiny ones.
  auto cost = block.text.size() + 64;
  if (text_bytes_ + cost > text_bytes_max_) {
    full_ = true;
    return;
  }
  text_bytes_ += cost;
  if (block.page == 0) block.page = page_;
  document.blocks.push_back(std::move(block));
}

void Builder::add_text(BlockKind kind, int level, std::string_view text) {
  if (full_) return;
  Block block;
  block.kind = kind;
  block.level = static_cast<std::uint8_t>(level);
  block.text = clean(text, kind == BlockKind::heading ? Spaces::collapse : Spaces::keep_lines);
  // A blank line is what separates blocks.
  for (std::size_t at = 0; (at = block.text.find("\n\n", at)) != std::string::npos;) block.text.erase(at, 1);
  add(std::move(block));
}

void Builder::heading(int level, std::string_view text) {
  add_text(BlockKind::heading, std::clamp(level, 1, 6), text);
}

void Builder::list_item(int depth, std::string_view text) {
  add_text(BlockKind::list_item, std::clamp(depth, 1, 9), text);
}

void Builder::code(std::string_view text) {
  Block block;
  block.kind = BlockKind::code;
  block.text = clean(text, Spaces::keep);
  add(std::move(block));
}

void Builder::table(const std::vector<Row>& rows, std::uint32_t header_rows) {
  Block block;
  block.kind = BlockKind::table;
  std::size_t kept = 0;
  std::size_t index = 0;
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    std::vector<std::string> cleaned;
    cleaned.reserve(row.size());
    for (const auto& cell : row) cleaned.push_back(clean_cell(cell));
    while (!cleaned.empty() && cleaned.back().empty()) cleaned.pop_back();
    auto is_header = index++ < header_rows;
    if (cleaned.empty()) continue;
    kept += is_header;
    cells.push_back(std::move(cleaned));
  }
  if (cells.empty()) return;
  for (const auto& row : cells) {
    if (!block.text.empty()) block.text += '\n';
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) block.text += " | ";
      block.text += row[i];
    }
    if (block.text.size() > text_bytes_max_) break;
  }
  block.header_rows = static_cast<std::uint32_t>(kept);
  add(std::move(block));
}

void Builder::metadata(std::string_view name, std::string_view value) {
  constexpr std::size_t entries_max = 64;
  constexpr std::size_t bytes_max = 2000;
  auto text = clean(utf8_prefix(to_valid_utf8(value), bytes_max));
  if (text.empty() || document.metadata.size() >= entries_max) return;
  document.metadata.emplace_back(std::string(name), std::move(text));
}

void Builder::warn(std::string_view word) {
  if (std::ranges::find(document.warnings, word) == document.warnings.end())
    document.warnings.emplace_back(word);
}

}  // namespace bastide::knowledge::parse::detail
