// A document as it is opened: its file, its text with a passage marked, its pages.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "knowledge/access.h"
#include "knowledge/ingest/packed.h"
#include "knowledge/library/impl.h"

namespace bastide::knowledge::detail {
namespace {

std::unexpected<Error> no_document() {
  return fail(Code::not_found, "There is no such document, or it is not shared with you.", "no_such_document",
              "Check the address, or ask the document's owner to share it.");
}

std::unexpected<Error> not_readable_yet() {
  return fail(Code::conflict, "This document is not ready to be read yet.", "not_ready",
              "Try again in a moment.");
}

/// The workspace knows five kinds.
std::string kind_of(parse::BlockKind kind) {
  if (kind == parse::BlockKind::quote || kind == parse::BlockKind::caption) return "paragraph";
  return std::string(parse::block_kind_name(kind));
}

/// Where `quote` stands word for word in `range` of the document.
std::optional<parse::TextRange> find_quote(const parse::ParsedDocument& document, parse::TextRange range,
                                           std::string_view quote) {
  const auto whole = parse::whole_text(document);
  const auto text = parse::slice(whole, range);
  const auto at = quote.empty() ? std::string_view::npos : text.find(quote);
  if (at == std::string_view::npos) return std::nullopt;
  const auto start = range.start + count_code_points(text.substr(0, at));
  return parse::TextRange{start, start + count_code_points(quote)};
}

/// The page, slide or sheet on which a place stands.
int page_at(const parse::ParsedDocument& document, std::size_t place) {
  int page = 0;
  for (const auto& block : document.blocks) {
    if (block.start > place) break;
    page = static_cast<int>(block.page);
  }
  return page;
}

Highlight highlight_of(const parse::ParsedDocument& document, parse::TextRange range) {
  Highlight shown{
      .start = range.start, .end = range.end, .page = page_at(document, range.start), .boxes = {}};
  for (const auto& line : parse::boxes_of(document, range)) {
    if (shown.boxes.empty()) shown.page = static_cast<int>(line.page);
    if (static_cast<int>(line.page) == shown.page)
      shown.boxes.push_back({line.x0, line.y0, line.x1, line.y1});
  }
  if (shown.page >= 1 && static_cast<std::size_t>(shown.page) <= document.pages.size()) {
    const auto& page = document.pages[static_cast<std::size_t>(shown.page) - 1];
    shown.page_width = page.width;
    shown.page_height = page.height;
  }
  return shown;
}
}  // namespace

Result<DocumentRow> LibraryImpl::readable(const identity::Principal& who, const std::string& id) {
  auto row = parts_.store.document(asker_of(who), id);
  if (!row) return pass(row);
  if (!row->readable) return no_document();
  return row;
}

Result<OriginalFile> LibraryImpl::file(const identity::Principal& who, const std::string& id) {
  auto row = readable(who, id);
  if (!row) return pass(row);
  return OriginalFile{
      .blob = row->blob, .name = row->name, .media_type = row->media_type, .bytes = row->bytes};
}

Result<ContentView> LibraryImpl::content(const identity::Principal& who, const std::string& id,
                                         const Mark& mark) {
  auto row = readable(who, id);
  if (!row) return pass(row);
  if (row->current.empty()) return not_readable_yet();
  auto packed = parts_.store.content(row->current);
  if (!packed) return pass(packed);
  auto document = ingest::unpack(*packed);
  if (!document) return pass(document);

  ContentView view;
  view.id = row->id;
  view.title = row->current_title;
  view.media_type = row->current_media_type;
  view.pages = static_cast<int>(document->pages.size());
  if (!mark.passage.empty()) {
    auto found = parts_.store.passage(mark.passage);
    if (!found) return pass(found);
    const bool stands = *found && (*found)->document == id;
    // A newer version took the passage's place: its words may still be there.
    const auto within =
        stands ? parse::TextRange{(*found)->start, (*found)->end} : parse::TextRange{0, SIZE_MAX};
    auto range = find_quote(*document, within, mark.quote);
    if (!range && !stands)
      return fail(Code::not_found, "This passage is no longer in the document.", "passage_gone",
                  "Open the document without it; a newer version may have replaced it.");
    view.highlight = highlight_of(*document, range.value_or(within));
  }
  view.blocks.reserve(document->blocks.size());
  for (auto& block : document->blocks)
    view.blocks.push_back({.kind = kind_of(block.kind),
                           .level = block.level,
                           .page = static_cast<int>(block.page),
                           .text = std::move(block.text),
                           .start = block.start});
  return view;
}

Result<std::string> LibraryImpl::page_png(const identity::Principal& who, const std::string& id, int page,
                                          int width) {
  auto row = readable(who, id);
  if (!row) return pass(row);
  if (row->current.empty()) return not_readable_yet();
  if (row->current_media_type != "application/pdf")
    return fail(Code::unsupported, "Only pages of PDF files are drawn.", "not_a_pdf",
                "Show the document's text.");
  // Steps bound what the cache may hold of one page.
  constexpr int step = 50;
  const int rounded = (std::clamp(width, 64, 2400) + step - 1) / step * step;
  if (auto cached = pages_.get(row->current_blob, page, rounded)) return std::move(*cached);
  auto path = parts_.blobs.path(row->current_blob);
  if (!path) return pass(path);
  auto png = parts_.parser.render(*path, page, rounded);
  if (png) pages_.put(row->current_blob, page, rounded, *png);
  return png;
}

}  // namespace bastide::knowledge::detail
