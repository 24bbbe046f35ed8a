#include "knowledge/parse/office/sheet_regions.h"

#include <algorithm>
#include <utility>

namespace bastide::knowledge::parse::office {
namespace {

std::size_t filled(const detail::Row& row) {
  return static_cast<std::size_t>(
      std::ranges::count_if(row, [](const std::string& cell) { return !cell.empty(); }));
}

}  // namespace

void SheetRegions::row(detail::Row cells) {
  if (filled(cells) == 0) return blank();
  rows_.push_back(std::move(cells));
}

void SheetRegions::blank() {
  if (rows_.empty()) return;
  auto rows = std::exchange(rows_, {});
  auto widest = std::size_t{0};
  for (const auto& one : rows) widest = std::max(widest, filled(one));
  auto first = rows.begin();
  // Lone cells above a table: its title or a remark. A region of lone cells is text.
  auto lone = [&](const detail::Row& one) { return filled(one) == 1; };
  while (first != rows.end() && lone(*first) && (widest > 1 || rows.size() == 1)) {
    builder_.paragraph(*std::ranges::find_if(*first, [](const std::string& cell) { return !cell.empty(); }));
    ++first;
  }
  rows.erase(rows.begin(), first);
  // Columns that are empty at the left of the whole region do not belong to it.
  auto left = std::string::npos;
  for (const auto& one : rows)
    left = std::min(
        left,
        static_cast<std::size_t>(
            std::ranges::find_if(one, [](const std::string& cell) { return !cell.empty(); }) - one.begin()));
  for (auto& one : rows)
    one.erase(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(std::min(left, one.size())));
  builder_.table(rows, rows.size() > 1 ? 1 : 0);
}

}  // namespace bastide::knowledge::parse::office
