#include "knowledge/parse/pdf/layout.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.h"

namespace bastide::knowledge::parse::pdf {
namespace {

long size_step(float size) { return std::lround(size * 2); }

// The size most characters have, and which larger sizes are headings of which level.
struct Sizes {
  float body = 10;
  std::map<long, int> level;  // by step

  explicit Sizes(const std::vector<Page>& pages) {
    std::map<long, std::size_t> characters;
    for (const auto& page : pages)
      for (const auto& line : page.lines) characters[size_step(line.size)] += line.length;
    std::size_t most = 0;
    for (const auto& [step, count] : characters)
      if (count > most) {
        most = count;
        body = static_cast<float>(step) / 2;
      }
    std::set<long, std::greater<>> larger;
    for (const auto& [step, count] : characters)
      if (static_cast<float>(step) / 2 >= body * 1.12F && count < most / 2) larger.insert(step);
    int next = 1;
    for (auto step : larger) level[step] = std::min(next++, 5);
  }
  [[nodiscard]] int heading_level(const Line& line) const {
    auto found = level.find(size_step(line.size));
    return found == level.end() ? 0 : found->second;
  }
  [[nodiscard]] int bold_level() const { return std::min(static_cast<int>(level.size()) + 1, 6); }
};

bool ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool ascii_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool starts_lower(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] >= 'a' && text[0] <= 'z') return true;
  // U+00DF to U+00FF, the lower half of Latin-1.
  return text.size() > 1 && text[0] == '\xC3' && static_cast<unsigned char>(text[1]) >= 0x9F;
}

bool ends_sentence(std::string_view text) {
  while (!text.empty() && (text.ends_with(')') || text.ends_with('"') || text.ends_with(' ')))
    text.remove_suffix(1);
  return text.ends_with('.') || text.ends_with('!') || text.ends_with('?') || text.ends_with(':') ||
         text.ends_with(';');
}

bool starts_with_bullet(std::string_view text) {
  for (std::string_view mark :
       {"• ", "▪ ", "◦ ", "● ", "■ ", "– ", "- ", "— ", "* ", "‣ ", "○ ", "· ", "✓ ", "➢ "})
    if (text.starts_with(mark)) return true;
  return text == "•" || text == "▪" || text == "●";
}

// "1. ", "12) ", "a) ", "(3) ", "(iv) "
bool starts_with_number(std::string_view text) {
  auto open = text.starts_with('(');
  if (open) text.remove_prefix(1);
  std::size_t digits = 0;
  while (digits < text.size() && digits < 3 && ascii_digit(text[digits])) ++digits;
  std::size_t letters = 0;
  if (digits == 0)
    while (letters < text.size() && letters < (open ? 4U : 1U) && ascii_alpha(text[letters])) ++letters;
  auto rest = text.substr(digits + letters);
  if (digits + letters == 0 || rest.size() < 2 || rest[1] != ' ') return false;
  return rest[0] == ')' || (rest[0] == '.' && !open && digits > 0);
}

bool is_item(const Line& line) { return starts_with_bullet(line.text) || starts_with_number(line.text); }

// "3.2 Scope", "2.1.4. Obligations": 2, 3; 0 when it is none. A number alone ("3 Scope") may be anything.
int numbered_depth(const Line& line) {
  std::string_view text = line.text;
  if (line.length > 100 || !line.cells.empty() || text.ends_with('.') || text.ends_with(',') ||
      text.ends_with(';'))
    return 0;
  if (!text.empty() && ascii_digit(text.back())) return 0;  // a line of a table of contents
  int depth = 0;
  for (;;) {
    std::size_t digits = 0;
    while (digits < text.size() && ascii_digit(text[digits])) ++digits;
    if (digits == 0 || digits > 2) break;
    ++depth;
    text.remove_prefix(digits);
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  if (depth < 2 || depth > 5 || !text.starts_with(' ') || text.size() < 4) return 0;
  text.remove_prefix(1);
  return (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '\xC3' ? depth : 0;
}

bool is_bold_heading(const Line& line) {
  if (!line.bold || line.length > 120 || line.length < 3 || !line.cells.empty()) return false;
  if (line.text.ends_with('.') || line.text.ends_with(',') || line.text.ends_with(';')) return false;
  return !starts_lower(line.text) && !starts_with_bullet(line.text);
}

// The usual distance between the tops of lines that follow each other.
float usual_pitch(const std::vector<Line>& lines) {
  std::vector<float> pitches;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto pitch = (lines[i].y0 - lines[i - 1].y0) / std::max(lines[i].size, 1.0F);
    if (pitch > 0.8F && pitch < 3 && size_step(lines[i].size) == size_step(lines[i - 1].size))
      pitches.push_back(pitch);
  }
  if (pitches.empty()) return 1.25F;
  auto middle = pitches.begin() + static_cast<std::ptrdiff_t>(pitches.size() / 2);
  std::ranges::nth_element(pitches, middle);
  return *middle;
}

class Draft {
 public:
  Draft(BlockKind kind, int level, std::uint32_t page) {
    block_.kind = kind;
    block_.level = static_cast<std::uint8_t>(level);
    block_.page = page;
  }

  // Joins with a space, or mends a word that was broken over the lines.
  void flow(const Line& line, std::uint32_t page) {
    if (!block_.text.empty()) {
      auto hyphen = block_.text.ends_with('-') || block_.text.ends_with("‐");
      auto lower = starts_lower(line.text);
      if (hyphen && lower && block_.text.size() > 3 && ascii_letter_before_hyphen()) {
        auto bytes = block_.text.ends_with('-') ? 1U : 3U;
        block_.text.resize(block_.text.size() - bytes);
        --length_;
        if (!block_.lines.empty()) --block_.lines.back().range.end;
      } else if (broken_ && !lower)
        append("-", 1);
      else if (!hyphen && !broken_)
        append(" ", 1);
    }
    place(line, page, line.text, line.length, line.words);
  }

  void below(const Line& line, std::uint32_t page, std::string_view text, std::size_t length,
             const std::vector<WordStop>& words) {
    if (!block_.text.empty()) append("\n", 1);
    place(line, page, text, length, words);
  }

  void row(const Line& line, std::uint32_t page) {
    std::string text;
    std::size_t length = 0;
    auto words = line.words;
    std::size_t cell = 0;
    std::size_t shift = 0;
    std::size_t taken = 0;
    std::string_view rest = line.text;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (cell < line.cells.size() && line.cells[cell] == i) {
        auto bytes = byte_of_code_point(rest, words[i].offset - taken);
        text += trim(rest.substr(0, bytes));
        text += " | ";
        rest.remove_prefix(bytes);
        taken = words[i].offset;
        shift += 2;
        ++cell;
      }
      words[i].offset += static_cast<std::uint32_t>(shift);
    }
    text += rest;
    length = line.length + shift;
    below(line, page, text, length, words);
  }

  void set_header(std::uint32_t rows) { block_.header_rows = rows; }
  [[nodiscard]] const std::string& text() const { return block_.text; }
  Block take() { return std::move(block_); }

 private:
  [[nodiscard]] bool ascii_letter_before_hyphen() const {
    auto at = block_.text.size() - (block_.text.ends_with('-') ? 2 : 4);
    auto c = block_.text[at];
    return ascii_alpha(c) || static_cast<unsigned char>(c) >= 0x80;
  }
  void append(std::string_view text, std::size_t length) {
    block_.text += text;
    length_ += length;
  }
  void place(const Line& line, std::uint32_t page, std::string_view text, std::size_t length,
             const std::vector<WordStop>& words) {
    block_.lines.push_back({{length_, length_ + length}, page, line.x0, line.y0, line.x1, line.y1, words});
    append(text, length);
    broken_ = line.broken_word;
  }

  Block block_;
  std::size_t length_ = 0;
  bool broken_ = false;
};

class Layout {
 public:
  Layout(const std::vector<Page>& pages, detail::Builder& builder)
      : pages_(pages), builder_(builder), sizes_(pages) {}

  void run() {
    for (std::size_t i = 0; i < pages_.size() && !builder_.full(); ++i) {
      page_ = static_cast<std::uint32_t>(i + 1);
      lines_ = &pages_[i].lines;
      pitch_ = usual_pitch(*lines_);
      for (std::size_t at = 0; at < lines_->size();) at = block_at(at);
    }
    finish();
  }

 private:
  std::size_t block_at(std::size_t at) {
    if (auto end = table_end(at); end > at) {
      finish();
      return table(at, end);
    }
    if (auto end = code_end(at); end > at) {
      finish();
      return code(at, end);
    }
    const auto& line = (*lines_)[at];
    if (auto level = heading_level(at)) {
      finish();
      return heading(at, level);
    }
    if (is_item(line)) {
      finish();
      start(BlockKind::list_item, 1, line);
    } else if (draft_ && goes_on(line)) {
      draft_->flow(line, page_);
      remember(line);
    } else {
      finish();
      start(BlockKind::paragraph, 0, line);
    }
    return at + 1;
  }

  [[nodiscard]] int heading_level(std::size_t at) const {
    const auto& line = (*lines_)[at];
    if (line.length > 200 || line.length < 2) return 0;
    if (auto level = sizes_.heading_level(line)) return level;
    if (line.size < sizes_.body * 0.98F) return 0;
    if (auto depth = numbered_depth(line)) return std::min(depth, 6);
    if (!is_bold_heading(line)) return 0;
    // Two bold lines may be one heading; more are a paragraph in bold.
    std::size_t run = 1;
    while (at + run < lines_->size() && (*lines_)[at + run].bold && run < 4) ++run;
    std::size_t before = 0;
    while (before < at && before < 4 && (*lines_)[at - before - 1].bold) ++before;
    return run + before <= 3 ? sizes_.bold_level() : 0;
  }

  std::size_t heading(std::size_t at, int level) {
    Draft draft(BlockKind::heading, level, page_);
    auto end = at;
    std::size_t length = 0;
    while (end < lines_->size() && end - at < 4) {
      const auto& line = (*lines_)[end];
      if (end > at) {
        const auto& before = (*lines_)[end - 1];
        auto pitch = line.y0 - before.y0;
        if (size_step(line.size) != size_step(before.size) || line.bold != before.bold ||
            heading_level(end) != level || pitch < 0 || pitch > 1.7F * line.size ||
            length + line.length > 240 || is_numbered_heading(line))
          break;
      }
      draft.flow(line, page_);
      length += line.length;
      ++end;
    }
    builder_.add(draft.take());
    return end;
  }

  [[nodiscard]] static bool is_numbered_heading(const Line& line) {
    return !line.text.empty() && ascii_digit(line.text[0]);
  }

  // At least two lines in a row that have cells; a line of one cell between two of them is a wrapped cell.
  [[nodiscard]] std::size_t table_end(std::size_t at) const {
    auto has_cells = [&](std::size_t i) { return i < lines_->size() && !(*lines_)[i].cells.empty(); };
    if (!has_cells(at)) return at;
    std::size_t rows = 0;
    auto end = at;
    while (end < lines_->size()) {
      if (end > at && (*lines_)[end].y0 - (*lines_)[end - 1].y0 > 4 * std::max((*lines_)[end].size, 4.0F))
        break;
      if (end > at && (*lines_)[end].y1 < (*lines_)[end - 1].y0) break;
      if (has_cells(end)) {
        ++rows;
        ++end;
      } else if (has_cells(end + 1) && (*lines_)[end].length < 60 && rows > 0)
        ++end;
      else
        break;
    }
    return rows >= 2 ? end : at;
  }

  std::size_t table(std::size_t at, std::size_t end) {
    Draft draft(BlockKind::table, 0, page_);
    for (auto i = at; i < end; ++i) draft.row((*lines_)[i], page_);
    draft.set_header(1);
    builder_.add(draft.take());
    return end;
  }

  [[nodiscard]] std::size_t code_end(std::size_t at) const {
    auto end = at;
    while (end < lines_->size() && (*lines_)[end].mono) ++end;
    return end - at >= 2 ? end : at;
  }

  std::size_t code(std::size_t at, std::size_t end) {
    auto left = (*lines_)[at].x0;
    for (auto i = at; i < end; ++i) left = std::min(left, (*lines_)[i].x0);
    Draft draft(BlockKind::code, 0, page_);
    for (auto i = at; i < end; ++i) {
      const auto& line = (*lines_)[i];
      // A character of a fixed font is about .6 em wide: indentation as it was.
      auto indent = static_cast<std::size_t>(
          std::clamp((line.x0 - left) / std::max(0.6F * line.size, 1.0F), 0.0F, 40.0F));
      auto words = line.words;
      for (auto& word : words) word.offset += static_cast<std::uint32_t>(indent);
      draft.below(line, page_, std::string(indent, ' ') + line.text, line.length + indent, words);
    }
    builder_.add(draft.take());
    return end;
  }

  void start(BlockKind kind, int level, const Line& line) {
    draft_.emplace(kind, level, page_);
    draft_->flow(line, page_);
    left_ = line.x0;
    right_ = line.x1;
    lines_in_draft_ = 1;
    remember(line);
  }

  void remember(const Line& line) {
    last_ = &line;
    last_page_ = page_;
    right_ = std::max(right_, line.x1);
    if (++lines_in_draft_ == 3) left_ = line.x0;  // the first line may be indented
  }

  // Whether `line` belongs to the paragraph or item that is open.
  [[nodiscard]] bool goes_on(const Line& line) const {
    if (std::abs(line.size - last_->size) > 0.12F * last_->size || line.bold != last_->bold) return false;
    if (last_page_ != page_ || line.y0 < last_->y0 - line.height()) {
      // Over to the next column or page: only in mid-sentence.
      return !ends_sentence(draft_->text()) && (starts_lower(line.text) || last_->broken_word);
    }
    if (line.y0 - last_->y0 > 1.3F * pitch_ * std::max(line.size, 1.0F)) return false;
    if (line.x0 > last_->x1 || line.x1 < last_->x0) {
      return std::abs(line.y0 - last_->y0) < 0.5F * line.height();  // the same printed line, in two pieces
    }
    auto ended = ends_sentence(last_->text);
    auto short_line = last_->x1 < right_ - 0.15F * (right_ - left_);
    if (ended && short_line) return false;
    return !(ended && line.x0 > left_ + 0.9F * line.size);
  }

  void finish() {
    if (draft_) builder_.add(draft_->take());
    draft_.reset();
  }

  const std::vector<Page>& pages_;
  detail::Builder& builder_;
  Sizes sizes_;
  const std::vector<Line>* lines_ = nullptr;
  std::uint32_t page_ = 0;
  float pitch_ = 1.25F;
  std::optional<Draft> draft_;
  const Line* last_ = nullptr;
  std::uint32_t last_page_ = 0;
  float left_ = 0;
  float right_ = 0;
  int lines_in_draft_ = 0;
};

}  // namespace

void lay_out(const std::vector<Page>& pages, detail::Builder& builder) { Layout(pages, builder).run(); }

}  // namespace bastide::knowledge::parse::pdf
