#include "knowledge/parse/pdf/pdfium.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>

namespace bastide::knowledge::parse::pdf {
namespace {

// FPDF_LIBRARY_CONFIG, version 2.
struct Config {
  int version = 2;
  const char** user_font_paths = nullptr;
  void* isolate = nullptr;
  unsigned int v8_slot = 0;
};

std::string beside_program() {
  std::array<char, 4096> path{};
  auto size = readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {};
  std::string_view whole(path.data(), static_cast<std::size_t>(size));
  return std::string(whole.substr(0, whole.rfind('/'))) + "/libpdfium.so";
}

void* open_library() {
  if (const char* given = std::getenv("BASTIDE_PDFIUM")) return dlopen(given, RTLD_NOW | RTLD_LOCAL);
  for (const auto& path : {beside_program(), std::string(BASTIDE_PDFIUM_PATH)})
    if (auto* library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  return nullptr;
}

template <class Fn>
bool find(void* library, const char* name, Fn*& into) {
  into = reinterpret_cast<Fn*>(dlsym(library, name));
  return into != nullptr;
}

bool find_all(void* from, Library& to) {
  return find(from, "FPDF_LoadMemDocument64", to.load_document) &&
         find(from, "FPDF_CloseDocument", to.close_document) &&
         find(from, "FPDF_GetLastError", to.last_error) && find(from, "FPDF_GetPageCount", to.page_count) &&
         find(from, "FPDF_GetMetaText", to.meta_text) && find(from, "FPDF_LoadPage", to.load_page) &&
         find(from, "FPDF_ClosePage", to.close_page) && find(from, "FPDF_GetPageWidthF", to.page_width) &&
         find(from, "FPDF_GetPageHeightF", to.page_height) &&
         find(from, "FPDF_PageToDevice", to.page_to_device) &&
         find(from, "FPDFText_LoadPage", to.load_text) && find(from, "FPDFText_ClosePage", to.close_text) &&
         find(from, "FPDFText_CountChars", to.count_chars) && find(from, "FPDFText_GetUnicode", to.unicode) &&
         find(from, "FPDFText_IsGenerated", to.is_generated) &&
         find(from, "FPDFText_GetLooseCharBox", to.loose_char_box) &&
         find(from, "FPDFText_GetFontSize", to.font_size) && find(from, "FPDFText_GetMatrix", to.matrix) &&
         find(from, "FPDFText_GetFontInfo", to.font_info) &&
         find(from, "FPDFText_GetFontWeight", to.font_weight) &&
         find(from, "FPDFBitmap_Create", to.create_bitmap) &&
         find(from, "FPDFBitmap_Destroy", to.destroy_bitmap) &&
         find(from, "FPDFBitmap_FillRect", to.fill_rect) &&
         find(from, "FPDFBitmap_GetBuffer", to.bitmap_buffer) &&
         find(from, "FPDFBitmap_GetStride", to.bitmap_stride) &&
         find(from, "FPDF_RenderPageBitmap", to.render);
}

// Lives as long as the process: PDFium cannot be unloaded and loaded again.
const Library* load_once() {
  auto* handle = open_library();
  if (!handle) return nullptr;
  static Library library;
  void (*initialise)(const Config*) = nullptr;
  if (!find_all(handle, library) || !find(handle, "FPDF_InitLibraryWithConfig", initialise)) return nullptr;
  // No folder of fonts: what a document does not embed is drawn with PDFium's own, the same on every machine.
  static std::array<const char*, 1> no_fonts{nullptr};
  Config config;
  config.user_font_paths = no_fonts.data();
  initialise(&config);
  return &library;
}

}  // namespace

bool looks_like_pdf(std::string_view bytes) {
  return bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos;
}

Result<const Library*> load() {
  static const Library* library = load_once();
  if (!library)
    return fail(Code::unavailable, "The part that reads PDF (libpdfium.so) is not installed.",
                "pdf_unavailable",
                "Run tools/setup, or put libpdfium.so beside the program or its path in BASTIDE_PDFIUM.");
  return library;
}

Result<Document> Document::open(std::string_view bytes) {
  auto library = load();
  if (!library) return pass(library);
  auto* handle = (*library)->load_document(bytes.data(), bytes.size(), nullptr);
  if (!handle) {
    auto why = static_cast<LoadError>((*library)->last_error());
    if (why == LoadError::password || why == LoadError::security)
      return fail(Code::invalid, "The PDF is protected by a password.", "password_protected",
                  "Save a copy without the password and add that.");
    return fail(Code::corrupt, "The PDF is damaged and cannot be opened.", "corrupt",
                "Get it again from where it came, or print it to a new PDF.");
  }
  return Document(*library, handle, (*library)->page_count(handle));
}

Document::Document(Document&& other) noexcept
    : library_(other.library_), handle_(std::exchange(other.handle_, nullptr)), pages_(other.pages_) {}

Document::~Document() {
  if (handle_) library_->close_document(handle_);
}

}  // namespace bastide::knowledge::parse::pdf
