// The few C functions of PDFium that are used, found at run time in the parser process only. PDFium runs on
// one thread. Declared after PDFium's public headers fpdfview.h and fpdf_text.h (BSD-3-Clause, the PDFium
// authors).
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace bastide::knowledge::parse::pdf {

struct RectF {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
};
struct Matrix {
  float a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
};
using DocumentHandle = void*;
using PageHandle = void*;
using TextHandle = void*;
using BitmapHandle = void*;

/// What FPDF_GetLastError says.
enum class LoadError : unsigned long {
  success = 0,
  unknown = 1,
  file = 2,
  format = 3,
  password = 4,
  security = 5,
  page = 6
};

struct Library {
  DocumentHandle (*load_document)(const void* bytes, std::size_t size, const char* password) = nullptr;
  void (*close_document)(DocumentHandle) = nullptr;
  unsigned long (*last_error)() = nullptr;
  int (*page_count)(DocumentHandle) = nullptr;
  unsigned long (*meta_text)(DocumentHandle, const char* tag, void* utf16le, unsigned long bytes) = nullptr;
  PageHandle (*load_page)(DocumentHandle, int index) = nullptr;
  void (*close_page)(PageHandle) = nullptr;
  float (*page_width)(PageHandle) = nullptr;
  float (*page_height)(PageHandle) = nullptr;
  int (*page_to_device)(PageHandle, int start_x, int start_y, int size_x, int size_y, int rotate,
                        double page_x, double page_y, int* device_x, int* device_y) = nullptr;
  TextHandle (*load_text)(PageHandle) = nullptr;
  void (*close_text)(TextHandle) = nullptr;
  int (*count_chars)(TextHandle) = nullptr;
  unsigned int (*unicode)(TextHandle, int index) = nullptr;
  int (*is_generated)(TextHandle, int index) = nullptr;
  int (*loose_char_box)(TextHandle, int index, RectF* box) = nullptr;
  double (*font_size)(TextHandle, int index) = nullptr;
  int (*matrix)(TextHandle, int index, Matrix* matrix) = nullptr;
  unsigned long (*font_info)(TextHandle, int index, void* name, unsigned long bytes, int* flags) = nullptr;
  int (*font_weight)(TextHandle, int index) = nullptr;
  BitmapHandle (*create_bitmap)(int width, int height, int alpha) = nullptr;
  void (*destroy_bitmap)(BitmapHandle) = nullptr;
  int (*fill_rect)(BitmapHandle, int left, int top, int width, int height, unsigned long colour) = nullptr;
  void* (*bitmap_buffer)(BitmapHandle) = nullptr;
  int (*bitmap_stride)(BitmapHandle) = nullptr;
  void (*render)(BitmapHandle, PageHandle, int start_x, int start_y, int size_x, int size_y, int rotate,
                 int flags) = nullptr;
};

/// "%PDF-" within the first kilobyte, as readers accept it.
[[nodiscard]] bool looks_like_pdf(std::string_view bytes);

/// Loads and initialises once a process; from the environment's BASTIDE_PDFIUM, beside the program, or where
/// it was at build time. Code::unavailable with detail pdf_unavailable when it is in none of them.
[[nodiscard]] Result<const Library*> load();

/// An open document; `bytes` must outlive it. Errors: password_protected, corrupt, pdf_unavailable.
class Document {
 public:
  [[nodiscard]] static Result<Document> open(std::string_view bytes);
  Document(Document&& other) noexcept;
  Document& operator=(Document&&) = delete;
  ~Document();
  [[nodiscard]] const Library& library() const { return *library_; }
  [[nodiscard]] DocumentHandle handle() const { return handle_; }
  [[nodiscard]] int pages() const { return pages_; }

 private:
  Document(const Library* library, DocumentHandle handle, int pages)
      : library_(library), handle_(handle), pages_(pages) {}
  const Library* library_;
  DocumentHandle handle_;
  int pages_;
};

}  // namespace bastide::knowledge::parse::pdf
