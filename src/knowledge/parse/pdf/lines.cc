#include "knowledge/parse/pdf/lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "knowledge/parse/clean.h"

namespace bastide::knowledge::parse::pdf {
namespace {

struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

// From PDF space to points from the top left of the page as shown: rotation and crop box are in it.
struct ToShown {
  double ax = 1, bx = 0, cx = 0, ay = 0, by = 1, cy = 0;
  [[nodiscard]] Box operator()(const RectF& r) const {
    auto xa = ax * r.left + bx * r.bottom + cx;
    auto ya = ay * r.left + by * r.bottom + cy;
    auto xb = ax * r.right + bx * r.top + cx;
    auto yb = ay * r.right + by * r.top + cy;
    return {static_cast<float>(std::min(xa, xb)), static_cast<float>(std::min(ya, yb)),
            static_cast<float>(std::max(xa, xb)), static_cast<float>(std::max(ya, yb))};
  }
};

ToShown to_shown(const Library& pdfium, PageHandle page, float width, float height) {
  constexpr double fine = 16;  // device units a point: the function answers in whole ones
  constexpr double far = 1000;
  auto map = [&](double x, double y) {
    int dx = 0;
    int dy = 0;
    pdfium.page_to_device(page, 0, 0, static_cast<int>(width * fine), static_cast<int>(height * fine), 0, x,
                          y, &dx, &dy);
    return std::array<double, 2>{dx / fine, dy / fine};
  };
  auto origin = map(0, 0);
  auto right = map(far, 0);
  auto up = map(0, far);
  return {(right[0] - origin[0]) / far, (up[0] - origin[0]) / far, origin[0],
          (right[1] - origin[1]) / far, (up[1] - origin[1]) / far, origin[1]};
}

void append_utf8(std::string& out, unsigned int c) {
  auto put = [&out](unsigned int byte) { out += static_cast<char>(byte); };
  if (c < 0x80)
    put(c);
  else if (c < 0x800) {
    put(0xC0U | (c >> 6U));
    put(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0U | (c >> 12U));
    put(0x80U | ((c >> 6U) & 0x3FU));
    put(0x80U | (c & 0x3FU));
  } else if (c < 0x110000) {
    put(0xF0U | (c >> 18U));
    put(0x80U | ((c >> 12U) & 0x3FU));
    put(0x80U | ((c >> 6U) & 0x3FU));
    put(0x80U | (c & 0x3FU));
  }
}

bool is_space(unsigned int c) {
  return c == ' ' || c == '\t' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x3000;
}

class LineMaker {
 public:
  LineMaker(const Library& pdfium, TextHandle text, Page& page) : pdfium_(pdfium), text_(text), page_(page) {}

  void add(int index, unsigned int c, const Box& box) {
    if (!started_) begin(index, box);
    auto em = std::max(line_.size, 4.0F);
    // A wide gap between words separates cells of a table or columns.
    if (!word_.empty() && box.x0 - last_x1_ > 0.35F * em && !std::isalnum(static_cast<int>(c & 0x7FU)))
      end_word();
    if (word_.empty()) {
      if (!line_.words.empty() && box.x0 - last_x1_ > 1.6F * em) line_.cells.push_back(line_.words.size());
      word_x_ = box.x0;
    }
    append_utf8(word_, c);
    line_.x0 = std::min(line_.x0, box.x0);
    line_.x1 = std::max(line_.x1, box.x1);
    line_.y0 = std::min(line_.y0, box.y0);
    line_.y1 = std::max(line_.y1, box.y1);
    last_x1_ = box.x1;
    last_index_ = index;
  }

  [[nodiscard]] bool away_from_line(const Box& box) const {
    if (!started_) return false;
    auto middle = (box.y0 + box.y1) / 2;
    return middle < line_.y0 - 0.2F * line_.height() || middle > line_.y1 + 0.2F * line_.height();
  }

  void end_word() {
    if (word_.empty()) return;
    auto plain = std::ranges::all_of(word_, [](char c) { return c > ' ' && c < 0x7F; });
    auto word = plain ? std::move(word_) : detail::clean(word_);
    word_.clear();
    if (word.empty()) return;
    if (!line_.text.empty()) {
      line_.text += ' ';
      line_.length += 1;
    }
    line_.words.push_back({static_cast<std::uint32_t>(line_.length), word_x_});
    line_.length += plain ? word.size() : count_code_points(word);
    line_.text += word;
  }

  void end_line(bool broken_word = false) {
    end_word();
    if (started_ && !line_.text.empty()) {
      line_.broken_word = broken_word;
      // Bold from the first character to the last: a bold word at the start is no heading.
      line_.bold = line_.bold && font(last_index_).bold;
      // The first character may be a bullet or a large initial: the size is that of the middle.
      if (last_index_ - first_index_ > 2)
        line_.size = size_at(first_index_ + (last_index_ - first_index_) / 2);
      page_.lines.push_back(std::move(line_));
    }
    line_ = {};
    started_ = false;
  }

 private:
  void begin(int index, const Box& box) {
    started_ = true;
    line_.x0 = box.x0;
    line_.x1 = box.x1;
    line_.y0 = box.y0;
    line_.y1 = box.y1;
    last_x1_ = box.x0;
    first_index_ = index;
    line_.size = size_at(index);
    auto first = font(index);
    line_.bold = first.bold;
    line_.mono = first.mono;
  }

  // As shown: the font's size under the matrix of its text.
  [[nodiscard]] float size_at(int index) const {
    Matrix matrix;
    auto scale = pdfium_.matrix(text_, index, &matrix) != 0 ? std::hypot(matrix.c, matrix.d) : 1.0F;
    auto size = static_cast<float>(pdfium_.font_size(text_, index)) * scale;
    return std::isfinite(size) && size > 0 && size <= 1000 ? size : line_.height();
  }

  struct Font {
    bool bold = false;
    bool mono = false;
  };
  [[nodiscard]] Font font(int index) const {
    std::array<char, 128> name{};
    int flags = 0;
    if (pdfium_.font_info(text_, index, name.data(), name.size(), &flags) > name.size()) name.fill(0);
    name.back() = 0;
    constexpr int fixed_pitch = 1;
    constexpr int force_bold = 1 << 18;
    auto named = [&name](const char* word) { return strcasestr(name.data(), word) != nullptr; };
    return {pdfium_.font_weight(text_, index) >= 600 || (flags & force_bold) != 0 || named("bold") ||
                named("black") || named("heavy") || named("-medi") || named("cmbx") || named("sfbx") ||
                named("demi"),
            (flags & fixed_pitch) != 0 || named("courier") || named("mono") || named("consol")};
  }

  const Library& pdfium_;
  TextHandle text_;
  Page& page_;
  Line line_;
  std::string word_;
  float word_x_ = 0;
  float last_x1_ = 0;
  int first_index_ = 0;
  int last_index_ = 0;
  bool started_ = false;
};

void read_lines(const Library& pdfium, TextHandle text, const ToShown& shown, Page& page) {
  constexpr int characters_max = 2'000'000;
  LineMaker maker(pdfium, text, page);
  auto count = std::min(pdfium.count_chars(text), characters_max);
  for (int i = 0; i < count; ++i) {
    auto c = pdfium.unicode(text, i);
    if (c == '\r' || c == '\n') {
      maker.end_line();
      continue;
    }
    // PDFium's mark for a hyphen that breaks a word over two lines.
    if (c == 2 || c == 0xFFFE) {
      maker.end_line(true);
      continue;
    }
    if (is_space(c)) {
      maker.end_word();
      continue;
    }
    if (c < 0x20 || (c >= 0xD800 && c <= 0xDFFF)) {
      if (c < 0xD800 || c > 0xDBFF || i + 1 >= count) continue;
      auto low = pdfium.unicode(text, i + 1);
      if (low < 0xDC00 || low > 0xDFFF) continue;
      c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
      ++i;
    }
    RectF raw;
    if (pdfium.loose_char_box(text, i, &raw) == 0) continue;
    auto box = shown(raw);
    if (maker.away_from_line(box)) maker.end_line();
    maker.add(i, c, box);
  }
  maker.end_line();
}

}  // namespace

bool read_page(const Document& document, int index, Page& into) {
  const auto& pdfium = document.library();
  std::unique_ptr<void, void (*)(PageHandle)> page(pdfium.load_page(document.handle(), index),
                                                   pdfium.close_page);
  if (!page) return false;
  into.width = pdfium.page_width(page.get());
  into.height = pdfium.page_height(page.get());
  std::unique_ptr<void, void (*)(TextHandle)> text(pdfium.load_text(page.get()), pdfium.close_text);
  if (!text) return false;
  read_lines(pdfium, text.get(), to_shown(pdfium, page.get(), into.width, into.height), into);
  return true;
}

}  // namespace bastide::knowledge::parse::pdf
