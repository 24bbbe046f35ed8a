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
  /// bytes::readable_slack bytes behind it may be read.
  std::string text;
  /// Unicode tag characters that were found: a hidden text.
  std::size_t hidden = 0;

  /// Byte range of the original behind [begin, end) of `text`; begin < end. Whole characters.
  [[nodiscard]] std::size_t original_begin(std::size_t begin) const;
  [[nodiscard]] std::size_t original_end(std::size_t end) const;

  /// A stretch of `text`, up to the next run's begin: bytes as they stand in the original from `from` on, or
  /// (`to` is not 0) what its bytes [from, to) became. No runs: the text is the original.
  struct Run {
    std::uint32_t begin = 0;
    std::uint32_t from = 0, to = 0;
  };
  std::vector<Run> runs;

 private:
  [[nodiscard]] const Run& run_at(std::size_t at) const;
};

/// `utf8` is valid UTF-8 of less than 2^31 bytes. `out` is overwritten; its memory is used again. Text of
/// Latin letters and usual signs costs little more than a copy.
void normalise(std::string_view utf8, Normal& out);

namespace detail {
/// The same for any text, character by character: what `normalise` does where its short way ends.
void normalise_fully(std::string_view utf8, Normal& out);
}  // namespace detail

}  // namespace bastide::guard
