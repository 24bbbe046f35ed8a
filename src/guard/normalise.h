// One form for many disguises: what detectors read, with the way back to the original.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::guard {

/// A text in the form that detectors read, UTF-8:
/// - NFKC (Unicode 15, UAX 15), decimal digits of all scripts as 0 to 9;
/// - without zero-width and other default-ignorable characters; Unicode tag characters as the ASCII they
/// hide;
/// - every space as U+0020, every hyphen and minus as "-", typographic quotes as ' and ";
/// - Cyrillic and Greek letters that look Latin as Latin, in words that mix them with Latin letters or
/// digits. Line breaks and tabs stay.
struct Normal {
  std::string text;
  /// For each byte of `text`, the bytes of the original that it came from. Empty when the text is the
  /// original.
  std::vector<std::uint32_t> from, to;
  /// Unicode tag characters that were found: a hidden text.
  std::size_t hidden = 0;

  /// Byte range of the original behind [begin, end) of `text`; begin < end.
  [[nodiscard]] std::size_t original_begin(std::size_t begin) const {
    return from.empty() ? begin : from[begin];
  }
  [[nodiscard]] std::size_t original_end(std::size_t end) const { return to.empty() ? end : to[end - 1]; }
};

/// `utf8` is valid UTF-8 of less than 2^31 bytes. `out` is overwritten; its memory is used again.
void normalise(std::string_view utf8, Normal& out);

}  // namespace bastide::guard
