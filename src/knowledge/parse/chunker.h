// From blocks to the chunks that are indexed, searched and cited. Pure: the same document gives the same
// chunks in the same order, so a chunk's id can be made of document, version and index.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "knowledge/parse/document.h"

namespace bastide::knowledge::parse {

/// In words as count_words counts them.
struct ChunkLimits {
  std::size_t words_min = 120;        // smaller neighbours of one section are merged
  std::size_t words_target = 240;     // a chunk is closed before it would pass this, unless it is still small
  std::size_t words_max = 350;        // paragraphs are cut between sentences beyond
  std::size_t table_words_max = 450;  // a table beyond is cut between rows, its header repeated
};

struct Chunk {
  std::size_t index = 0;   // from 0, in reading order
  std::string title;       // the document's title, or a slide's or sheet's when it has one of its own
  std::string section;     // headings, slide and sheet titles above, outermost first: "A › B"; may be empty
  std::uint32_t page = 0;  // where it starts; 0: no pages
  TextRange range;         // what it covers of the whole text
  std::size_t first_block = 0;
  std::size_t end_block = 0;  // one past the last
  /// What is indexed, given to models and quoted. Equal to the whole text's `range`, after `prefix` code
  /// points (and a newline included in them) of a table's header repeated from above.
  std::string text;
  std::size_t prefix = 0;
};

/// `title` stands in for a document without one (a file's name).
[[nodiscard]] std::vector<Chunk> chunk_document(const ParsedDocument& document, const std::string& title = {},
                                                const ChunkLimits& limits = {});

/// Where code points `within` of a chunk's text are in the whole text; a part inside the repeated header is
/// moved to the chunk's start.
[[nodiscard]] TextRange to_document(const Chunk& chunk, TextRange within);

}  // namespace bastide::knowledge::parse
