#include "knowledge/parse/pdf/order.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "base/text.h"

namespace bastide::knowledge::parse::pdf {
namespace {

float overlap(float a0, float a1, float b0, float b1) { return std::min(a1, b1) - std::max(a0, b0); }

bool jumps_about(const std::vector<Line>& lines) {
  std::size_t jumps = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto& above = lines[i];
    const auto& before = lines[i - 1];
    auto width = std::min(above.x1 - above.x0, before.x1 - before.x0);
    jumps += above.y1 < before.y0 + 1 && overlap(above.x0, above.x1, before.x0, before.x1) > 0.3F * width;
  }
  return jumps >= std::max<std::size_t>(3, lines.size() / 10);
}

// The middle of the widest empty band across one axis, at least `least` wide.
std::optional<float> widest_gap(std::span<Line* const> lines, bool vertical_axis, float least) {
  std::vector<std::pair<float, float>> spans;
  spans.reserve(lines.size());
  for (const auto* line : lines)
    spans.push_back(vertical_axis ? std::pair{line->y0, line->y1} : std::pair{line->x0, line->x1});
  std::ranges::sort(spans);
  auto reach = spans.front().second;
  std::optional<float> at;
  for (const auto& [start, end] : spans) {
    if (start - reach >= least) {
      least = start - reach;
      at = (start + reach) / 2;
    }
    reach = std::max(reach, end);
  }
  return at;
}

void cut(std::span<Line*> lines, int depth, std::vector<Line*>& out) {
  constexpr int depth_max = 24;
  constexpr std::size_t column_lines_min = 3;
  auto by_place = [](const Line* a, const Line* b) {
    return std::tie(a->y0, a->x0, a) < std::tie(b->y0, b->x0, b);
  };
  if (lines.size() > 1 && depth < depth_max) {
    auto size = lines.front()->size;
    auto part_at = [&](auto before) {
      auto rest = std::ranges::partition(lines, before);
      return static_cast<std::size_t>(rest.begin() - lines.begin());
    };
    if (auto x = widest_gap(lines, false, std::max(6.0F, 0.8F * size))) {
      auto left = part_at([&](const Line* line) { return line->x1 <= *x; });
      if (left >= column_lines_min && lines.size() - left >= column_lines_min) {
        cut(lines.first(left), depth + 1, out);
        cut(lines.subspan(left), depth + 1, out);
        return;
      }
    }
    if (auto y = widest_gap(lines, true, 0.5F)) {
      auto above = part_at([&](const Line* line) { return line->y1 <= *y; });
      if (above > 0 && above < lines.size()) {
        cut(lines.first(above), depth + 1, out);
        cut(lines.subspan(above), depth + 1, out);
        return;
      }
    }
  }
  std::ranges::sort(lines, by_place);
  out.insert(out.end(), lines.begin(), lines.end());
}

// Text with its numbers made alike, so that "page 3" returns on page 4; empty when there is nothing to
// compare.
std::string pattern(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      if (out.empty() || out.back() != '#') out += '#';
    } else if (c != ' ')
      out += c;
  }
  return out;
}

// What `line` holds before word `at` and from it on.
std::pair<Line, Line> halves(const Line& line, std::size_t at) {
  Line left = line;
  Line right = line;
  auto split = line.words[at].offset;
  auto byte = byte_of_code_point(line.text, split);
  left.text = line.text.substr(0, byte - 1);
  left.length = split - 1;
  left.words.resize(at);
  left.cells.clear();
  left.broken_word = false;
  right.text = line.text.substr(byte);
  right.length = line.length - split;
  right.words.erase(right.words.begin(), right.words.begin() + static_cast<std::ptrdiff_t>(at));
  for (auto& word : right.words) word.offset -= split;
  right.cells.clear();
  right.x0 = line.words[at].x;
  // Where the left half ends is not kept word by word; its gap is at least this wide.
  left.x1 = right.x0 - 1.6F * std::max(line.size, 4.0F);
  return {std::move(left), std::move(right)};
}

bool in_margin(const Line& line, const Page& page) {
  constexpr float margin = 0.12F;
  return line.y1 < page.height * margin || line.y0 > page.height * (1 - margin);
}

}  // namespace

void put_in_reading_order(std::vector<Line>& lines, Trust trust) {
  constexpr std::size_t lines_max = 5000;  // beyond, a page is a drawing made of letters
  if (lines.size() > lines_max || (trust == Trust::written_order && !jumps_about(lines))) return;
  std::vector<Line*> all;
  all.reserve(lines.size());
  for (auto& line : lines) all.push_back(&line);
  std::vector<Line*> ordered;
  ordered.reserve(all.size());
  cut(all, 0, ordered);
  std::vector<Line> moved;
  moved.reserve(lines.size());
  for (auto* line : ordered) moved.push_back(std::move(*line));
  lines = std::move(moved);
}

bool split_columns(Page& page) {
  constexpr std::size_t lines_min = 6;
  constexpr std::size_t words_min = 4;
  constexpr float same_place = 3;
  std::vector<float> starts;
  std::size_t left_words = 0;
  std::size_t right_words = 0;
  for (const auto& line : page.lines) {
    if (line.cells.size() > 1) return false;  // three cells in a row: a table
    if (line.cells.size() != 1) continue;
    starts.push_back(line.words[line.cells[0]].x);
    left_words += line.cells[0];
    right_words += line.words.size() - line.cells[0];
  }
  if (starts.size() < lines_min || left_words < words_min * starts.size() ||
      right_words < words_min * starts.size())
    return false;
  auto middle = starts.begin() + static_cast<std::ptrdiff_t>(starts.size() / 2);
  std::ranges::nth_element(starts, middle);
  auto gutter = *middle;
  auto at_gutter = std::ranges::count_if(starts, [&](float x) { return std::abs(x - gutter) < same_place; });
  if (static_cast<std::size_t>(at_gutter) * 10 < starts.size() * 8 || gutter < page.width * 0.35F ||
      gutter > page.width * 0.65F)
    return false;
  std::vector<Line> out;
  out.reserve(page.lines.size() * 2);
  for (auto& line : page.lines) {
    if (line.cells.size() == 1 && std::abs(line.words[line.cells[0]].x - gutter) < same_place) {
      auto [left, right] = halves(line, line.cells[0]);
      out.push_back(std::move(left));
      out.push_back(std::move(right));
    } else
      out.push_back(std::move(line));
  }
  page.lines = std::move(out);
  return true;
}

void drop_running_lines(std::vector<Page>& pages) {
  constexpr std::size_t pages_min = 3;
  if (pages.size() < pages_min) return;
  using Key = std::tuple<std::string, long>;
  // Heights in bands of a fiftieth of the page, and the band beside: baselines differ a little.
  auto band = [](const Line& line, const Page& page) {
    return std::lround(line.y0 / std::max(page.height, 1.0F) * 50);
  };
  std::map<Key, std::set<std::size_t>> seen;
  for (std::size_t i = 0; i < pages.size(); ++i)
    for (const auto& line : pages[i].lines)
      if (in_margin(line, pages[i])) seen[{pattern(line.text), band(line, pages[i])}].insert(i);
  auto least = std::max(pages_min, pages.size() / 3);
  auto runs = [&](const Line& line, const Page& page) {
    if (!in_margin(line, page)) return false;
    std::set<std::size_t> on;
    for (auto shift : {-1L, 0L, 1L})
      if (auto found = seen.find({pattern(line.text), band(line, page) + shift}); found != seen.end()) {
        if (found->second.size() >= least) return true;
        on.insert(found->second.begin(), found->second.end());
      }
    return on.size() >= least;
  };
  for (auto& page : pages) std::erase_if(page.lines, [&](const Line& line) { return runs(line, page); });
}

}  // namespace bastide::knowledge::parse::pdf
