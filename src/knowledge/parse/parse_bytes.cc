#include "knowledge/parse/parse_bytes.h"

#include <algorithm>

#include "base/text.h"
#include "knowledge/parse/builder.h"
#include "knowledge/parse/charset.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/language.h"
#include "knowledge/parse/mail/eml.h"
#include "knowledge/parse/office/docx.h"
#include "knowledge/parse/office/epub.h"
#include "knowledge/parse/office/odf.h"
#include "knowledge/parse/office/pptx.h"
#include "knowledge/parse/office/xlsx.h"
#include "knowledge/parse/pdf/pdf.h"
#include "knowledge/parse/plain.h"
#include "knowledge/parse/sniff.h"
#include "knowledge/parse/web/html.h"
#include "knowledge/parse/web/markdown.h"

namespace bastide::knowledge::parse::detail {
namespace {

Result<void> dispatch(FileType type, std::string_view bytes, const ParseHints& hints, Builder& builder) {
  switch (type) {
    case FileType::pdf:
      return pdf::parse(bytes, hints, builder);
    case FileType::docx:
      return office::parse_docx(bytes, builder);
    case FileType::pptx:
      return office::parse_pptx(bytes, hints, builder);
    case FileType::xlsx:
      return office::parse_xlsx(bytes, hints, builder);
    case FileType::odt:
    case FileType::ods:
    case FileType::odp:
      return office::parse_odf(bytes, builder);
    case FileType::epub:
      return office::parse_epub(bytes, builder);
    case FileType::html:
      web::parse_html(decode(bytes, web::declared_charset(bytes)), builder);
      return {};
    case FileType::markdown:
      web::parse_markdown(decode(bytes), builder);
      return {};
    case FileType::csv:
      parse_csv(decode(bytes), builder);
      return {};
    case FileType::json:
    case FileType::xml:
      parse_code(decode(bytes), builder);
      return {};
    case FileType::eml:
      return mail::parse_eml(bytes, hints, builder);
    case FileType::text:
      parse_text(decode(bytes), builder);
      return {};
  }
  return fail(Code::internal, "A kind of file has no parser.");
}

std::string sample_of(const ParsedDocument& document) {
  std::string out;
  for (const auto& block : document.blocks) {
    if (out.size() > 40'000) break;
    out += block.text;
    out += '\n';
  }
  return out;
}

}  // namespace

Result<ParsedDocument> parse_bytes(std::string_view bytes, const ParseHints& hints) {
  auto type = sniff(bytes, hints.name, hints.declared_type);
  if (!type) return pass(type);
  Builder builder(hints.text_bytes_max);
  builder.document.media_type = media_type_of(type->type);
  if (type->differs) builder.warn("type_differs");
  if (auto parsed = dispatch(type->type, bytes, hints, builder); !parsed) return pass(parsed);
  if (builder.full())
    return fail(Code::too_large, "The document holds more text than can be kept.", "too_large",
                "Split the document into smaller ones.");
  auto& document = builder.document;
  if (document.blocks.empty())
    return fail(Code::invalid, "No text was found in the document.", "empty_document",
                "Check the file; if its text is in pictures, run OCR on it first and add the result.");
  document.title = clean(utf8_prefix(to_valid_utf8(document.title), 500));
  if (document.language.empty()) document.language = guess_language(sample_of(document));
  place_blocks(document);
  return std::move(document);
}

}  // namespace bastide::knowledge::parse::detail
