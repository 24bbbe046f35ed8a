#include "knowledge/parse/chunker.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "knowledge/parse/sentences.h"

namespace bastide::knowledge::parse {
namespace {

// The smallest thing that is never cut: a paragraph or a piece of one, a run of list items, rows of a table.
struct Unit {
  TextRange range;
  std::size_t byte_start = 0;  // in the whole text
  std::size_t byte_end = 0;
  std::size_t words = 0;
  std::size_t first_block = 0;
  std::size_t end_block = 0;
  std::uint32_t page = 0;
  int heading_level = 0;  // 0: not a heading
  std::string prefix;     // a table's header that is repeated, with its line end
};

class Units {
 public:
  Units(const ParsedDocument& document, std::string_view whole, const ChunkLimits& limits)
      : document_(document), whole_(whole), limits_(limits) {}

  std::vector<Unit> take() {
    std::size_t byte = 0;
    for (std::size_t i = 0; i < document_.blocks.size(); ++i) {
      const auto& block = document_.blocks[i];
      add(i, block, byte);
      byte += block.text.size() + 2;
    }
    return std::move(units_);
  }

 private:
  void add(std::size_t index, const Block& block, std::size_t byte) {
    Unit unit{block.range(),
              byte,
              byte + block.text.size(),
              count_words(block.text),
              index,
              index + 1,
              block.page,
              0,
              {}};
    switch (block.kind) {
      case BlockKind::heading:
        unit.heading_level = std::max<int>(block.level, 1);
        units_.push_back(std::move(unit));
        return;
      case BlockKind::table:
        if (unit.words > limits_.table_words_max)
          split_lines(unit, block, limits_.words_target);
        else
          units_.push_back(std::move(unit));
        return;
      case BlockKind::code:
        if (unit.words > limits_.table_words_max)
          split_lines(unit, block, limits_.words_target);
        else
          units_.push_back(std::move(unit));
        return;
      case BlockKind::list_item:
        if (!join_list(unit)) split_sentences(unit, block);
        return;
      case BlockKind::paragraph:
      case BlockKind::quote:
      case BlockKind::caption:
        split_sentences(unit, block);
    }
  }

  // Items follow each other, and the sentence that announces them ("The following:"), as one unit while it is
  // not too long.
  bool join_list(const Unit& unit) {
    if (units_.empty()) return false;
    auto& last = units_.back();
    const auto& before = document_.blocks[last.end_block - 1];
    auto announces = before.kind == BlockKind::paragraph && before.text.ends_with(':');
    if ((before.kind != BlockKind::list_item && !announces) || last.words + unit.words > limits_.words_max)
      return false;
    last.range.end = unit.range.end;
    last.byte_end = unit.byte_end;
    last.words += unit.words;
    last.end_block = unit.end_block;
    return true;
  }

  void split_sentences(const Unit& unit, const Block& block) {
    if (unit.words <= limits_.words_max) {
      units_.push_back(unit);
      return;
    }
    std::optional<Unit> open;
    for (const auto& sentence : sentences(block.text)) {
      auto first_byte = unit.byte_start + static_cast<std::size_t>(sentence.text.data() - block.text.data());
      for (auto piece : pieces(sentence, first_byte)) {
        Unit next = unit;
        next.range = {unit.range.start + piece.range.start, unit.range.start + piece.range.end};
        next.byte_start = piece.byte_start;
        next.byte_end = piece.byte_end;
        next.words = piece.words;
        if (open && open->words + next.words <= limits_.words_target) {
          open->range.end = next.range.end;
          open->byte_end = next.byte_end;
          open->words += next.words;
        } else {
          if (open) units_.push_back(std::move(*open));
          open = std::move(next);
        }
      }
    }
    if (open) units_.push_back(std::move(*open));
  }

  struct Piece {
    TextRange range;
    std::size_t byte_start = 0;
    std::size_t byte_end = 0;
    std::size_t words = 0;
  };

  // A "sentence" without an end in sight (a log, a list of names) is cut at spaces.
  [[nodiscard]] std::vector<Piece> pieces(const Sentence& sentence, std::size_t first_byte) const {
    auto words = count_words(sentence.text);
    if (words <= limits_.words_max)
      return {{sentence.range, first_byte, first_byte + sentence.text.size(), words}};
    std::vector<Piece> out;
    auto rest = sentence.text;
    auto code_point = sentence.range.start;
    while (!rest.empty()) {
      // About words_target words: eight bytes each is more than a word and its space take.
      auto part = utf8_prefix(rest, limits_.words_target * 8);
      if (part.size() < rest.size())
        if (auto space = part.find_last_of(" \n"); space != std::string_view::npos && space > 0)
          part = part.substr(0, space + 1);
      if (part.empty()) break;
      auto length = count_code_points(part);
      auto start = first_byte + static_cast<std::size_t>(part.data() - sentence.text.data());
      out.push_back({{code_point, code_point + length}, start, start + part.size(), count_words(part)});
      code_point += length;
      rest.remove_prefix(part.size());
    }
    return out;
  }

  void split_lines(const Unit& unit, const Block& block, std::size_t words_max) {
    std::size_t byte = 0;
    std::size_t code_point = 0;
    std::size_t row = 0;
    std::string header;
    std::size_t header_words = 0;
    std::optional<Unit> open;
    auto rows_of_header = std::min<std::uint32_t>(block.header_rows, 3);
    while (byte < block.text.size()) {
      auto end = std::min(block.text.find('\n', byte), block.text.size());
      auto line = std::string_view(block.text).substr(byte, end - byte);
      auto length = count_code_points(line);
      auto words = count_words(line);
      if (row < rows_of_header && words <= words_max / 3) {
        header += line;
        header += '\n';
        header_words += words;
      }
      if (open && row > rows_of_header && open->words + words > words_max) {
        units_.push_back(std::move(*open));
        open.reset();
      }
      if (!open) {
        open = unit;
        open->range.start = unit.range.start + code_point;
        open->byte_start = unit.byte_start + byte;
        open->words = row >= rows_of_header && row > 0 ? header_words : 0;
        if (row >= rows_of_header && row > 0) open->prefix = header;
      }
      open->range.end = unit.range.start + code_point + length;
      open->byte_end = unit.byte_start + end;
      open->words += words;
      byte = end + 1;
      code_point += length + 1;
      ++row;
    }
    if (open) units_.push_back(std::move(*open));
  }

  const ParsedDocument& document_;
  std::string_view whole_;
  const ChunkLimits& limits_;
  std::vector<Unit> units_;
};

class Assembler {
 public:
  Assembler(const ParsedDocument& document, std::string title, std::string_view whole,
            const ChunkLimits& limits)
      : document_(document), title_(std::move(title)), whole_(whole), limits_(limits) {}

  std::vector<Chunk> run(std::vector<Unit> units) {
    for (auto& unit : units) {
      if (unit.heading_level > 0)
        on_heading(unit);
      else
        on_body(unit);
    }
    close();
    return std::move(chunks_);
  }

 private:
  struct Heading {
    int level;
    std::string text;
  };

  void on_heading(const Unit& unit) {
    // A section of a few lines goes on into its neighbour of the same rank or below; a new slide or sheet
    // never.
    auto tiny = open_ && body_words_ < limits_.words_min / 3 &&
                (unit.heading_level >= open_level_ || body_words_ == 0) && !new_sheet(unit);
    if (!tiny) close();
    while (!path_.empty() && path_.back().level >= unit.heading_level) path_.pop_back();
    path_.push_back({unit.heading_level, document_.blocks[unit.first_block].text});
    if (!open_) {
      start(unit);
      open_level_ = unit.heading_level;
    } else {
      extend(unit);
      if (body_words_ == 0) {
        open_section_ = section();
        open_level_ = unit.heading_level;
      }
    }
  }

  void on_body(const Unit& unit) {
    if (open_) {
      auto together = open_->words + unit.words;
      auto full = body_words_ > 0 && (together > limits_.words_max ||
                                      (open_->words >= limits_.words_min && together > limits_.words_target));
      if (full || !unit.prefix.empty() || (body_words_ > 0 && new_sheet(unit))) close();
    }
    if (open_)
      extend(unit);
    else {
      start(unit);
      open_level_ = path_.empty() ? 0 : path_.back().level;
    }
    body_words_ += unit.words;
  }

  [[nodiscard]] bool new_sheet(const Unit& unit) const {
    if (!open_ || unit.page == 0 || unit.page == open_->page || unit.page > document_.pages.size())
      return false;
    return document_.pages[unit.page - 1].width ==
           0;  // formats with geometry have pages that text flows over
  }

  void start(const Unit& unit) {
    open_ = unit;
    open_section_ = section();
    body_words_ = 0;
  }
  void extend(const Unit& unit) {
    open_->range.end = unit.range.end;
    open_->byte_end = unit.byte_end;
    open_->end_block = unit.end_block;
    open_->words += unit.words;
  }

  void close() {
    if (!open_) return;
    auto unit = std::exchange(open_, std::nullopt);
    // The short end of a section joins what came before it.
    if (!chunks_.empty() && unit->heading_level == 0 && unit->prefix.empty() &&
        unit->words < limits_.words_min / 2 && chunks_.back().section == open_section_ &&
        last_words_ + unit->words <= limits_.words_max && chunks_.back().prefix == 0 &&
        same_place(chunks_.back(), *unit)) {
      auto& last = chunks_.back();
      last.range.end = unit->range.end;
      last.end_block = unit->end_block;
      last.text = whole_.substr(last_byte_start_, unit->byte_end - last_byte_start_);
      last_words_ += unit->words;
      return;
    }
    Chunk chunk;
    chunk.index = chunks_.size();
    chunk.title = title_;
    chunk.section = open_section_;
    chunk.page = unit->page;
    chunk.range = unit->range;
    chunk.first_block = unit->first_block;
    chunk.end_block = unit->end_block;
    chunk.prefix = count_code_points(unit->prefix);
    chunk.text = unit->prefix;
    chunk.text += whole_.substr(unit->byte_start, unit->byte_end - unit->byte_start);
    last_words_ = unit->words;
    last_byte_start_ = unit->byte_start;
    chunks_.push_back(std::move(chunk));
  }

  [[nodiscard]] bool same_place(const Chunk& chunk, const Unit& unit) const {
    return unit.page == chunk.page || unit.page == 0 || unit.page > document_.pages.size() ||
           document_.pages[unit.page - 1].width > 0;
  }

  [[nodiscard]] std::string section() const {
    constexpr std::size_t bytes_max = 400;
    std::string out;
    for (const auto& heading : path_) {
      if (heading.text == title_) continue;
      if (!out.empty()) out += " › ";
      out += utf8_prefix(heading.text, bytes_max / 2);
      if (out.size() > bytes_max) break;
    }
    return out;
  }

  const ParsedDocument& document_;
  std::string title_;
  std::string_view whole_;
  const ChunkLimits& limits_;
  std::vector<Heading> path_;
  std::vector<Chunk> chunks_;
  std::optional<Unit> open_;
  std::string open_section_;
  int open_level_ = 0;
  std::size_t body_words_ = 0;
  std::size_t last_words_ = 0;
  std::size_t last_byte_start_ = 0;
};

}  // namespace

std::vector<Chunk> chunk_document(const ParsedDocument& document, const std::string& title,
                                  const ChunkLimits& limits) {
  auto whole = whole_text(document);
  auto units = Units(document, whole, limits).take();
  return Assembler(document, document.title.empty() ? title : document.title, whole, limits)
      .run(std::move(units));
}

TextRange to_document(const Chunk& chunk, TextRange within) {
  auto move = [&](std::size_t at) {
    at = at > chunk.prefix ? at - chunk.prefix : 0;
    return std::min(chunk.range.start + at, chunk.range.end);
  };
  return {move(within.start), move(within.end)};
}

}  // namespace bastide::knowledge::parse
