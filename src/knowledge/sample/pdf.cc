#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/text.h"
#include "knowledge/sample/sample.h"

namespace bastide::knowledge::sample {
namespace {
constexpr double page_width = 595, page_height = 842, margin = 64;

/// Widths of Helvetica for the printable ASCII characters, in thousandths of the size (Adobe's font metrics).
constexpr std::array<int, 95> widths{
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

/// WinAnsi, which agrees with Latin-1 for what is written here.
std::string to_latin(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80)
      out += text[i];
    else if ((c == 0xc2 || c == 0xc3) && i + 1 < text.size())
      out += static_cast<char>(((c & 0x03) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3f));
  }
  return out;
}

double width_of(std::string_view latin, double size) {
  int sum = 0;
  for (char c : latin) {
    const auto u = static_cast<unsigned char>(c);
    sum += u >= 32 && u < 127 ? widths[u - 32U] : 556;
  }
  return sum * size / 1000;
}

struct Style {
  double size, above;
  std::string_view font;
};

class Layout {
 public:
  void line(std::string_view text) {
    if (text.empty()) return;
    Style style{10.5, 7, "F1"};
    if (text.starts_with("## ")) {
      style = {13, 16, "F2"};
      text.remove_prefix(3);
    } else if (text.starts_with("# ")) {
      style = {20, 0, "F2"};
      text.remove_prefix(2);
    }
    y_ -= style.above;
    std::string row;
    for (auto word : split(to_latin(text), ' ')) {
      const auto longer = row.empty() ? std::string(word) : row + ' ' + std::string(word);
      if (width_of(longer, style.size) > page_width - 2 * margin) {
        put(row, style);
        row = word;
      } else {
        row = longer;
      }
    }
    put(row, style);
  }
  std::vector<std::string> take() {
    pages_.push_back(std::move(page_));
    return std::move(pages_);
  }

 private:
  void put(std::string_view row, const Style& style) {
    y_ -= style.size * 1.38;
    if (y_ < margin) {
      pages_.push_back(std::move(page_));
      page_.clear();
      y_ = page_height - margin - style.size;
    }
    page_ += fmt::format("BT /{} {} Tf {} {:.1f} Td (", style.font, style.size, margin, y_);
    for (char c : row) {
      if (c == '(' || c == ')' || c == '\\') page_ += '\\';
      page_ += c;
    }
    page_ += ") Tj ET\n";
  }

  double y_ = page_height - margin;
  std::string page_;
  std::vector<std::string> pages_;
};
}  // namespace

std::string write_pdf(std::string_view text) {
  Layout layout;
  std::string title;
  for (auto line : split(text, '\n')) {
    if (title.empty() && line.starts_with("# ")) title = to_latin(line.substr(2));
    layout.line(line);
  }
  const auto pages = layout.take();
  std::vector<std::string> objects;
  std::string kids;
  for (std::size_t i = 0; i < pages.size(); ++i) kids += fmt::format("{} 0 R ", 6 + 2 * i);
  objects.emplace_back("<< /Type /Catalog /Pages 2 0 R >>");
  objects.push_back(fmt::format("<< /Type /Pages /Kids [{}] /Count {} >>", kids, pages.size()));
  objects.emplace_back("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  objects.emplace_back(
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>");
  objects.push_back(fmt::format("<< /Title ({}) >>", title));
  for (std::size_t i = 0; i < pages.size(); ++i) {
    objects.push_back(
        fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Contents {} 0 R"
                    " /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>",
                    page_width, page_height, 7 + 2 * i));
    objects.push_back(fmt::format("<< /Length {} >>\nstream\n{}endstream", pages[i].size(), pages[i]));
  }
  std::string out = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n";
  std::string table = fmt::format("xref\n0 {}\n0000000000 65535 f \n", objects.size() + 1);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  const auto start = out.size();
  return out + table +
         fmt::format("trailer\n<< /Size {} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{}\n%%EOF\n",
                     objects.size() + 1, start);
}

}  // namespace bastide::knowledge::sample
