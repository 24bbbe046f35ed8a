#include "knowledge/parse/pdf/render.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "knowledge/parse/pdf/pdfium.h"
#include "knowledge/parse/pdf/png.h"

namespace bastide::knowledge::parse::pdf {

Result<std::string> render(std::string_view bytes, std::uint32_t page_number, std::uint32_t width_px) {
  if (!looks_like_pdf(bytes))
    return fail(Code::unsupported, "Only pages of PDF documents can be drawn.", "unsupported_type",
                "Open the document as text.");
  auto document = Document::open(bytes);
  if (!document) return pass(document);
  if (page_number < 1 || page_number > static_cast<std::uint32_t>(std::max(document->pages(), 0)))
    return fail(Code::not_found, "The document has no such page.", "no_such_page",
                "Ask for a page that exists.");
  const auto& pdfium = document->library();
  std::unique_ptr<void, void (*)(PageHandle)> page(
      pdfium.load_page(document->handle(), static_cast<int>(page_number - 1)), pdfium.close_page);
  if (!page)
    return fail(Code::corrupt, "This page of the PDF is damaged.", "corrupt",
                "Open the document in its own application.");
  constexpr int height_px_max = 16'384;
  auto page_width = std::max(pdfium.page_width(page.get()), 1.0F);
  auto ratio = pdfium.page_height(page.get()) / page_width;
  auto width = static_cast<int>(std::clamp(width_px, 16U, 4096U));
  auto height =
      static_cast<int>(std::clamp(std::lround(static_cast<float>(width) * ratio), 1L, 1L * height_px_max));
  std::unique_ptr<void, void (*)(BitmapHandle)> bitmap(pdfium.create_bitmap(width, height, 0),
                                                       pdfium.destroy_bitmap);
  if (!bitmap)
    return fail(Code::too_large, "This page is too large to be drawn.", "too_large",
                "Ask for a smaller picture.");
  constexpr unsigned long white = 0xFFFFFFFF;
  constexpr int with_annotations = 1;
  pdfium.fill_rect(bitmap.get(), 0, 0, width, height, white);
  pdfium.render(bitmap.get(), page.get(), 0, 0, width, height, 0, with_annotations);
  return png_of_bgrx(static_cast<const unsigned char*>(pdfium.bitmap_buffer(bitmap.get())),
                     static_cast<std::size_t>(width), static_cast<std::size_t>(height),
                     static_cast<std::size_t>(pdfium.bitmap_stride(bitmap.get())));
}

}  // namespace bastide::knowledge::parse::pdf
