// The XML parts of Office documents, put into an archive here so that the fuzzer need not learn ZIP and its
// checksums.
#include <zip.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "knowledge/parse/builder.h"
#include "knowledge/parse/office/docx.h"
#include "knowledge/parse/office/epub.h"
#include "knowledge/parse/office/odf.h"
#include "knowledge/parse/office/pptx.h"
#include "knowledge/parse/office/xlsx.h"

namespace {

std::string zip_of(const std::pair<std::string_view, std::string_view>* parts, std::size_t count) {
  auto* source = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(source);
  auto* zip = zip_open_from_source(source, ZIP_TRUNCATE, nullptr);
  for (std::size_t i = 0; i < count; ++i) {
    std::string name(parts[i].first);
    auto index = zip_file_add(zip, name.c_str(),
                              zip_source_buffer(zip, parts[i].second.data(), parts[i].second.size(), 0), 0);
    if (index >= 0) zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  zip_close(zip);
  zip_source_open(source);
  zip_source_seek(source, 0, SEEK_END);
  std::string out(static_cast<std::size_t>(zip_source_tell(source)), '\0');
  zip_source_seek(source, 0, SEEK_SET);
  zip_source_read(source, out.data(), out.size());
  zip_source_close(source);
  zip_source_free(source);
  return out;
}

constexpr std::string_view relations =
    R"(<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/slide" Target="slides/slide1.xml"/><Relationship Id="rId3" Type="x/styles" Target="styles.xml"/><Relationship Id="rId4" Type="x/numbering" Target="numbering.xml"/><Relationship Id="rId5" Type="x/sharedStrings" Target="strings.xml"/></Relationships>)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::knowledge::parse;
  if (size < 1) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  // Two parts: the main one and another, cut at a zero byte.
  auto cut = std::min(bytes.find('\0'), bytes.size());
  auto first = bytes.substr(0, cut);
  auto second = bytes.substr(std::min(cut + 1, bytes.size()));
  detail::Builder builder(1024 * 1024);
  using Part = std::pair<std::string_view, std::string_view>;
  switch (data[0] % 6) {
    case 0: {
      Part parts[] = {{"word/document.xml", first},
                      {"word/_rels/document.xml.rels", relations},
                      {"word/styles.xml", second},
                      {"word/numbering.xml", second}};
      (void)office::parse_docx(zip_of(parts, std::size(parts)), builder);
      break;
    }
    case 1: {
      Part parts[] = {{"ppt/presentation.xml", R"(<p><sldIdLst><s r:id="rId2"/></sldIdLst></p>)"},
                      {"ppt/_rels/presentation.xml.rels", relations},
                      {"ppt/slides/slide1.xml", first},
                      {"ppt/slides/_rels/slide1.xml.rels", second}};
      (void)office::parse_pptx(zip_of(parts, std::size(parts)), {}, builder);
      break;
    }
    case 2: {
      Part parts[] = {{"xl/workbook.xml", R"(<w><sheets><sheet name="S" r:id="rId1"/></sheets></w>)"},
                      {"xl/_rels/workbook.xml.rels", relations},
                      {"xl/worksheets/sheet1.xml", first},
                      {"xl/strings.xml", second},
                      {"xl/styles.xml", second}};
      (void)office::parse_xlsx(zip_of(parts, std::size(parts)), {}, builder);
      break;
    }
    case 3: {
      Part parts[] = {{"content.xml", first}, {"meta.xml", second}};
      (void)office::parse_odf(zip_of(parts, std::size(parts)), builder);
      break;
    }
    case 4: {
      Part parts[] = {
          {"META-INF/container.xml", R"(<c><rootfiles><rootfile full-path="p"/></rootfiles></c>)"},
          {"p", first},
          {"c", second}};
      (void)office::parse_epub(zip_of(parts, std::size(parts)), builder);
      break;
    }
    default:
      (void)office::parse_docx(bytes, builder);
  }
  return 0;
}
