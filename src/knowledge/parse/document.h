// The parsed document: what every format becomes. It crosses from the parser process as bytes and is kept as
// a blob for the viewer, so that a passage can be shown and highlighted without parsing again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bastide::knowledge::parse {

/// Half open, in code points of the document's whole text unless said otherwise.
struct TextRange {
  std::size_t start = 0;
  std::size_t end = 0;
  [[nodiscard]] bool operator==(const TextRange&) const = default;
};

enum class BlockKind : std::uint8_t { heading, paragraph, list_item, table, code, quote, caption };

/// "heading", "paragraph", "list", "table", "code", "quote", "caption": the names of the workspace API.
[[nodiscard]] std::string_view block_kind_name(BlockKind kind);

/// Where a word begins on its line: `offset` code points after the line's start, at `x` points from the left.
struct WordStop {
  std::uint32_t offset = 0;
  float x = 0;
};

/// One printed line of a block. Coordinates are PDF points from the page's top left, as the page is shown
/// (its rotation applied): x0 < x1, y0 (top) < y1 (bottom).
struct LineBox {
  TextRange range;
  std::uint32_t page = 0;  // from 1
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;
  std::vector<WordStop> words;
};

struct Block {
  BlockKind kind = BlockKind::paragraph;
  std::uint8_t level = 0;  // headings: 1 to 6; list items: depth from 1; else 0
  std::uint32_t page = 0;  // from 1: the PDF page, slide or sheet it starts on; 0: the format has no pages
  std::size_t start = 0;   // code points in the whole text; set by place_blocks
  std::size_t length = 0;  // code points of `text`; set by place_blocks
  std::string text;        // UTF-8, NFC. A table has one row a line, cells joined by " | "
  std::uint32_t header_rows = 0;  // tables: how many first rows are the header
  std::vector<LineBox> lines;     // PDF only
  [[nodiscard]] TextRange range() const { return {start, start + length}; }
};

/// Points for a PDF (as shown, rotation applied); 0 x 0 where the format has no geometry. `title` is a
/// slide's or sheet's.
struct PageInfo {
  float width = 0;
  float height = 0;
  std::string title;
};

struct ParsedDocument {
  std::string media_type;  // what the content is, whatever its name or upload said
  std::string title;       // from the document; empty when it has none (callers show the file's name)
  std::string language;    // "fr", "en" or empty when unclear
  std::vector<PageInfo> pages;
  std::vector<std::pair<std::string, std::string>> metadata;  // "author", "created", "from", "subject" ...
  std::vector<std::string>
      warnings;  // stable words: "attachment_skipped", "text_truncated", "pages_without_text" ...
  std::vector<Block> blocks;
};

/// Sets `start` and `length` of every block; lines move along with their block when they were relative to it
/// (0-based). Parsers call it once, last; write_document and the functions below rely on it.
void place_blocks(ParsedDocument& document);

/// The blocks' texts joined by "\n\n": what all offsets count in.
[[nodiscard]] std::string whole_text(const ParsedDocument& document);

/// The part of `text` (valid UTF-8) in `range` of code points, clipped to what there is.
[[nodiscard]] std::string_view slice(std::string_view text, TextRange range);

/// The boxes to highlight for `range`: the lines it touches, cut to the words and letters in it (exact at
/// word starts, interpolated within words). Empty where the format has no geometry.
[[nodiscard]] std::vector<LineBox> boxes_of(const ParsedDocument& document, TextRange range);

/// A compact versioned binary form.
[[nodiscard]] std::string write_document(const ParsedDocument& document);
/// Reads what write_document made; anything else is Code::corrupt. Safe on hostile bytes: never allocates
/// more than a small multiple of `bytes`.
[[nodiscard]] Result<ParsedDocument> read_document(std::string_view bytes);

}  // namespace bastide::knowledge::parse
