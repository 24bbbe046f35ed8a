// Collects blocks under a bound; every format fills a document through it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/parse/document.h"

namespace bastide::knowledge::parse::detail {

using Row = std::vector<std::string>;

/// One thread at a time. Text given to it is cleaned here; empty blocks are dropped.
class Builder {
 public:
  /// Beyond `text_bytes_max` of text nothing more is taken and `full` is true.
  explicit Builder(std::size_t text_bytes_max) : text_bytes_max_(text_bytes_max) {}

  ParsedDocument document;

  void set_page(std::uint32_t page) { page_ = page; }
  void heading(int level, std::string_view text);
  void paragraph(std::string_view text) { add_text(BlockKind::paragraph, 0, text); }
  void list_item(int depth, std::string_view text);
  void quote(std::string_view text) { add_text(BlockKind::quote, 0, text); }
  void caption(std::string_view text) { add_text(BlockKind::caption, 0, text); }
  void code(std::string_view text);
  /// Rows may differ in length; empty rows and empty columns at the right are dropped.
  void table(const std::vector<Row>& rows, std::uint32_t header_rows);
  /// As it is: `block.text` must be clean and its lines relative to it.
  void add(Block block);
  void metadata(std::string_view name, std::string_view value);
  void warn(std::string_view word);

  [[nodiscard]] bool full() const { return full_; }

 private:
  void add_text(BlockKind kind, int level, std::string_view text);

  std::size_t text_bytes_max_;
  std::size_t text_bytes_ = 0;
  std::uint32_t page_ = 0;
  bool full_ = false;
};

}  // namespace bastide::knowledge::parse::detail
