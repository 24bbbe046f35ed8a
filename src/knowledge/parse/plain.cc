#include "knowledge/parse/plain.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/clean.h"

namespace bastide::knowledge::parse::detail {
namespace {

// How many bytes of mark a line of a list begins with; 0: none.
std::size_t list_mark(std::string_view line) {
  for (std::string_view mark : {"- ", "* ", "+ ", "• ", "– ", "▪ ", "◦ "})
    if (line.starts_with(mark)) return mark.size();
  return 0;
}

bool starts_with_number(std::string_view line) {
  std::size_t digits = 0;
  while (digits < line.size() && digits < 3 && line[digits] >= '0' && line[digits] <= '9') ++digits;
  return digits > 0 && line.size() > digits + 1 && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

bool is_underline(std::string_view line) {
  return line.size() >= 3 && (line.find_first_not_of('=') == std::string_view::npos ||
                              line.find_first_not_of('-') == std::string_view::npos);
}

class Paragraphs {
 public:
  explicit Paragraphs(Builder& builder) : builder_(builder) {}
  void line(std::string_view raw) {
    auto line = trim(raw);
    if (line.empty()) return flush();
    // A short line with a row of "=" or "-" under it.
    if (is_underline(line)) {
      if (!text_.empty() && text_.find('\n') == std::string::npos && text_.size() < 120 && !in_item_) {
        builder_.heading(line[0] == '=' ? 1 : 2, std::exchange(text_, {}));
        return;
      }
      return flush();
    }
    auto mark = list_mark(line);
    if (mark > 0 || starts_with_number(line)) {
      flush();
      in_item_ = true;
      text_ = line.substr(mark);
      return;
    }
    if (!text_.empty()) text_ += '\n';
    text_ += line;
    constexpr std::size_t paragraph_bytes_max = 16 * 1024;  // a text without blank lines still becomes blocks
    if (text_.size() > paragraph_bytes_max) flush();
  }
  void flush() {
    if (in_item_)
      builder_.list_item(1, text_);
    else
      builder_.paragraph(text_);
    text_.clear();
    in_item_ = false;
  }

 private:
  Builder& builder_;
  std::string text_;
  bool in_item_ = false;
};

char delimiter_of(std::string_view text) {
  constexpr std::array candidates{',', ';', '\t', '|'};
  auto sample = text.substr(0, 32 * 1024);
  char best = ',';
  std::size_t best_score = 0;
  for (char candidate : candidates) {
    std::vector<std::size_t> fields;
    std::size_t in_line = 0;
    auto quoted = false;
    for (char c : sample) {
      if (c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == candidate) ++in_line;
      if (c == '\n') {
        if (fields.size() < 100) fields.push_back(in_line);
        in_line = 0;
      }
    }
    if (in_line > 0 || fields.empty()) fields.push_back(in_line);
    // Lines that have as many as the first count, more fields count more.
    auto first = fields.front();
    if (first == 0) continue;
    auto same = static_cast<std::size_t>(std::ranges::count(fields, first));
    auto score = same * 1000 / fields.size() * 10 + std::min<std::size_t>(first, 99);
    if (score > best_score) {
      best_score = score;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

void parse_text(std::string_view text, Builder& builder) {
  Paragraphs paragraphs(builder);
  for (std::size_t at = 0; at < text.size() && !builder.full();) {
    auto end = std::min(text.find_first_of("\n\r\f", at), text.size());
    paragraphs.line(text.substr(at, end - at));
    at = end + (end + 1 < text.size() && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
  }
  paragraphs.flush();
}

void parse_code(std::string_view text, Builder& builder) {
  constexpr std::size_t block_bytes = 64 * 1024;
  while (!text.empty() && !builder.full()) {
    auto part = utf8_prefix(text, block_bytes);
    if (part.size() < text.size())
      if (auto line = part.rfind('\n'); line != std::string_view::npos) part = part.substr(0, line + 1);
    builder.code(part);
    text.remove_prefix(part.size());
  }
}

void parse_csv(std::string_view text, Builder& builder) {
  constexpr std::size_t columns_max = 4096;
  constexpr std::size_t rows_max = 2'000'000;
  // Excel's own line that names the separator.
  char delimiter = 0;
  if (text.starts_with("sep=") && text.size() > 5 && (text[5] == '\n' || text[5] == '\r')) {
    delimiter = text[4];
    text.remove_prefix(text[5] == '\r' && text.size() > 6 ? 7 : 6);
  }
  if (delimiter == 0) delimiter = delimiter_of(text);
  std::vector<Row> rows;
  Row row;
  std::string field;
  auto quoted = false;
  auto end_field = [&] {
    if (row.size() < columns_max) row.push_back(std::move(field));
    field.clear();
  };
  auto end_row = [&] {
    end_field();
    if (rows.size() < rows_max) rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c != '"')
        field += c;
      else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else
        quoted = false;
    } else if (c == '"' && field.empty())
      quoted = true;
    else if (c == delimiter)
      end_field();
    else if (c == '\n' || c == '\r') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      end_row();
    } else
      field += c;
  }
  if (!field.empty() || !row.empty()) end_row();
  builder.table(rows, 1);
}

}  // namespace bastide::knowledge::parse::detail
