#include "knowledge/parse/pdf/pdf.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "knowledge/parse/charset.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/pdf/layout.h"
#include "knowledge/parse/pdf/lines.h"
#include "knowledge/parse/pdf/order.h"

namespace bastide::knowledge::parse::pdf {
namespace {

std::string meta(const Document& document, const char* tag) {
  std::array<char, 4096> bytes{};
  auto size = document.library().meta_text(document.handle(), tag, bytes.data(), bytes.size());
  if (size < 2 || size > bytes.size()) return {};
  return detail::clean(detail::from_utf16le({bytes.data(), size - 2}));
}

// Programs leave their own names and paths in the title.
bool is_real_title(const std::string& title) {
  if (title.size() < 3) return false;
  for (std::string_view start :
       {"Microsoft ", "untitled", "Untitled", "Sans titre", "PowerPoint", "C:\\", "/", "file:"})
    if (title.starts_with(start)) return false;
  auto dot = title.rfind('.');
  return dot == std::string::npos || title.size() - dot > 5 || title.find(' ') < dot;
}

// The largest heading of the first page if nothing else in the document is as large; else what the document
// opens with.
std::string first_heading(const ParsedDocument& document) {
  const Block* largest = nullptr;
  const Block* first = nullptr;
  for (const auto& block : document.blocks) {
    if (block.page > 1) break;
    if (block.kind != BlockKind::heading) continue;
    if (!first) first = &block;
    if (!largest || block.level < largest->level) largest = &block;
  }
  if (!largest) return {};
  auto as_large = std::ranges::count_if(document.blocks, [&](const Block& block) {
    return block.kind == BlockKind::heading && block.level == largest->level;
  });
  const auto& title = (as_large == 1 ? largest : first)->text;
  return title.size() <= 300 ? title : std::string();
}

}  // namespace

Result<void> parse(std::string_view bytes, const detail::ParseHints& hints, detail::Builder& builder) {
  auto document = Document::open(bytes);
  if (!document) return pass(document);
  constexpr int pages_max = 100'000;
  auto count = std::min(document->pages(), pages_max);
  auto& out = builder.document;
  std::vector<Page> pages(static_cast<std::size_t>(std::max(count, 0)));
  int damaged = 0;
  int without_text = 0;
  std::size_t text_bytes = 0;
  for (int i = 0; i < count; ++i) {
    auto& page = pages[static_cast<std::size_t>(i)];
    if (text_bytes < hints.text_bytes_max) {
      if (!read_page(*document, i, page)) ++damaged;
      without_text += page.lines.empty();
      for (const auto& line : page.lines) text_bytes += line.text.size() + 64;
      put_in_reading_order(page.lines, split_columns(page) ? Trust::nothing : Trust::written_order);
    }
    out.pages.push_back({page.width, page.height, {}});
    if (hints.on_progress)
      hints.on_progress(static_cast<std::size_t>(i + 1), static_cast<std::size_t>(count));
  }
  if (count == 0 || damaged == count)
    return fail(Code::corrupt, "The PDF is damaged: none of its pages can be read.", "corrupt",
                "Get it again from where it came, or print it to a new PDF.");
  if (without_text == count)
    return fail(Code::unsupported, "The PDF has pages but no text: it is a scan or made of pictures.",
                "no_text",
                "Reading text in pictures (OCR) is not available: run OCR on it first and add the result.");
  if (damaged > 0) builder.warn("pages_damaged");
  if (without_text > damaged) builder.warn("pages_without_text");
  drop_running_lines(pages);
  lay_out(pages, builder);
  auto title = meta(*document, "Title");
  out.title = is_real_title(title) ? title : first_heading(out);
  builder.metadata("author", meta(*document, "Author"));
  builder.metadata("subject", meta(*document, "Subject"));
  builder.metadata("created", meta(*document, "CreationDate"));
  return {};
}

}  // namespace bastide::knowledge::parse::pdf
