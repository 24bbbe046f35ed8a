#include "knowledge/citations/layout.h"

#include <algorithm>

#include "base/text.h"
#include "knowledge/index/analyzer.h"

namespace bastide::knowledge::citations {
namespace {

constexpr std::string_view cell_border = " | ";
constexpr std::string_view block_border = "\n\n";
constexpr std::size_t heading_words_max = 8;

bool has_cells(std::string_view text) { return text.find(cell_border) != std::string_view::npos; }

bool ends_with_stop(std::string_view block) {
  static constexpr std::string_view stops[] = {".", "!", "?", ":", ";", "…", "»", "”", "\"", ")"};
  return std::ranges::any_of(stops, [&](std::string_view stop) { return block.ends_with(stop); });
}

bool is_short_line(std::string_view block) {
  return !block.empty() && block.find('\n') == std::string_view::npos && !has_cells(block) &&
         !ends_with_stop(block) && index::words(block, heading_words_max + 1).size() <= heading_words_max;
}

std::size_t line_start(std::string_view text, std::size_t at) {
  const auto before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

std::string_view line_at(std::string_view text, std::size_t start) {
  return text.substr(start, std::min(text.find('\n', start), text.size()) - start);
}
}  // namespace

std::optional<TableRow> table_row_at(std::string_view text, std::size_t at) {
  const auto start = line_start(text, at);
  const auto row = line_at(text, start);
  if (!has_cells(row)) return std::nullopt;
  TableRow out{.start = start, .end = start + row.size(), .header = {}};
  auto above = start;
  while (above > 0) {
    const auto next = line_start(text, above - 1);
    const auto line = line_at(text, next);
    if (!has_cells(line)) break;
    out.header = line;
    above = next;
  }
  // Two columns are as often pairs without a header.
  const bool columns = row.find(cell_border) != row.rfind(cell_border);
  out.names_columns = out.header.empty() && columns && out.end < text.size() &&
                      has_cells(line_at(text, out.end + 1)) &&
                      row.find_first_of("0123456789") == std::string_view::npos;
  return out;
}

bool is_heading(std::string_view text, std::size_t start, std::size_t end) {
  const auto from = text.substr(0, start).rfind(block_border);
  const auto to = text.find(block_border, end);
  const auto block_start = from == std::string_view::npos ? 0 : from + block_border.size();
  if (to == std::string_view::npos) return false;
  const auto block = trim(text.substr(block_start, to - block_start));
  if (block.size() != end - start || !is_short_line(block)) return false;

  const auto next = to + block_border.size();
  const auto after = trim(text.substr(next, text.find(block_border, next) - next));
  if (after.empty() || is_short_line(after)) return false;
  if (block_start == 0) return true;
  const auto head = text.substr(0, block_start - block_border.size());
  const auto border = head.rfind(block_border);
  const auto before =
      trim(border == std::string_view::npos ? head : head.substr(border + block_border.size()));
  return !is_short_line(before) && !before.ends_with(':');
}

}  // namespace bastide::knowledge::citations
