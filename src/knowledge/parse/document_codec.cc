// The binary form: "BDOC", a version, then fields in order. Numbers are LEB128, lengths go before bytes,
// coordinates are tenths of a point.
#include <algorithm>

#include "base/text.h"
#include "knowledge/parse/codec.h"
#include "knowledge/parse/document.h"

namespace bastide::knowledge::parse {
namespace {

using detail::Reader;
using detail::Writer;

constexpr std::string_view magic = "BDOC";
constexpr std::uint64_t version = 1;

void write_line(Writer& out, const LineBox& line, const Block& block) {
  out.number(line.range.start - block.start);
  out.number(line.range.end - line.range.start);
  out.number(line.page);
  for (float value : {line.x0, line.y0, line.x1 - line.x0, line.y1 - line.y0}) out.tenths(value);
  out.number(line.words.size());
  std::uint32_t offset = 0;
  float x = line.x0;
  for (const auto& word : line.words) {
    out.number(word.offset - offset);
    out.tenths(word.x - x);
    offset = word.offset;
    x = word.x;
  }
}

LineBox read_line(Reader& in, std::size_t block_length) {
  LineBox line;
  auto length = in.small(block_length);
  line.range.start = length;
  line.range.end = line.range.start + in.small(block_length - line.range.start);
  line.page = in.small(1'000'000);
  line.x0 = in.tenths();
  line.y0 = in.tenths();
  line.x1 = line.x0 + in.tenths();
  line.y1 = line.y0 + in.tenths();
  auto words = in.count(2);
  line.words.reserve(words);
  std::uint64_t offset = 0;
  float x = line.x0;
  for (std::size_t i = 0; i < words && in.ok(); ++i) {
    offset += in.small(block_length);
    x += in.tenths();
    line.words.push_back({static_cast<std::uint32_t>(std::min<std::uint64_t>(offset, block_length)), x});
  }
  return line;
}

Block read_block(Reader& in) {
  Block block;
  block.kind = static_cast<BlockKind>(in.small(static_cast<std::uint64_t>(BlockKind::caption)));
  block.level = static_cast<std::uint8_t>(in.small(255));
  block.page = in.small(1'000'000);
  block.header_rows = in.small(1'000'000);
  block.text = in.bytes();
  auto length = count_code_points(block.text);
  auto lines = in.count(8);
  for (std::size_t i = 0; i < lines && in.ok(); ++i) block.lines.push_back(read_line(in, length));
  return block;
}

}  // namespace

std::string write_document(const ParsedDocument& document) {
  Writer out;
  out.raw(magic);
  out.number(version);
  out.bytes(document.media_type);
  out.bytes(document.title);
  out.bytes(document.language);
  out.number(document.pages.size());
  for (const auto& page : document.pages) {
    out.tenths(page.width);
    out.tenths(page.height);
    out.bytes(page.title);
  }
  out.number(document.metadata.size());
  for (const auto& [name, value] : document.metadata) {
    out.bytes(name);
    out.bytes(value);
  }
  out.number(document.warnings.size());
  for (const auto& warning : document.warnings) out.bytes(warning);
  out.number(document.blocks.size());
  for (const auto& block : document.blocks) {
    out.number(static_cast<std::uint64_t>(block.kind));
    out.number(block.level);
    out.number(block.page);
    out.number(block.header_rows);
    out.bytes(block.text);
    out.number(block.lines.size());
    for (const auto& line : block.lines) write_line(out, line, block);
  }
  return out.take();
}

Result<ParsedDocument> read_document(std::string_view bytes) {
  auto damaged = [] {
    return fail(Code::corrupt, "The stored form of the document is damaged.", "corrupt",
                "Add the document again.");
  };
  if (!bytes.starts_with(magic)) return damaged();
  Reader in(bytes.substr(magic.size()));
  if (in.number() != version) return damaged();
  ParsedDocument document;
  document.media_type = in.bytes();
  document.title = in.bytes();
  document.language = in.bytes();
  auto pages = in.count(3);
  for (std::size_t i = 0; i < pages && in.ok(); ++i) {
    PageInfo page;
    page.width = in.tenths();
    page.height = in.tenths();
    page.title = in.bytes();
    document.pages.push_back(std::move(page));
  }
  auto fields = in.count(2);
  for (std::size_t i = 0; i < fields && in.ok(); ++i) {
    auto name = in.bytes();
    document.metadata.emplace_back(std::move(name), in.bytes());
  }
  auto warnings = in.count(1);
  for (std::size_t i = 0; i < warnings && in.ok(); ++i) document.warnings.push_back(in.bytes());
  auto blocks = in.count(6);
  for (std::size_t i = 0; i < blocks && in.ok(); ++i) document.blocks.push_back(read_block(in));
  if (!in.ok() || !in.at_end()) return damaged();
  place_blocks(document);
  return document;
}

}  // namespace bastide::knowledge::parse
