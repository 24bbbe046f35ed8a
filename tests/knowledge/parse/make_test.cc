#include "tests/knowledge/parse/make.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zip.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "knowledge/parse/parse_bytes.h"

namespace bastide::knowledge::parse::test {
namespace {

std::string relationships(const std::vector<std::tuple<std::string, std::string, std::string>>& rows) {
  std::string out = R"(<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">)";
  for (const auto& [id, type, target] : rows)
    out += fmt::format(
        R"(<Relationship Id="{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>)",
        id, type, target);
  return out + "</Relationships>";
}

std::string content_types(const std::string& main_type) {
  return fmt::format(
      R"(<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/x" ContentType="application/vnd.openxmlformats-officedocument.{}.main+xml"/></Types>)",
      main_type);
}

}  // namespace

std::string make_zip(const Parts& parts) {
  zip_error_t error;
  zip_error_init(&error);
  auto* source = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(source);
  auto* zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
  if (!zip) throw std::runtime_error("cannot make a ZIP");
  for (const auto& [name, bytes] : parts)
    zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), ZIP_FL_ENC_UTF_8);
  if (zip_close(zip) != 0) throw std::runtime_error("cannot finish a ZIP");
  zip_source_open(source);
  zip_source_seek(source, 0, SEEK_END);
  std::string out(static_cast<std::size_t>(zip_source_tell(source)), '\0');
  zip_source_seek(source, 0, SEEK_SET);
  zip_source_read(source, out.data(), out.size());
  zip_source_close(source);
  zip_source_free(source);
  return out;
}

std::string make_docx(const std::string& body_xml, Parts more) {
  std::vector<std::tuple<std::string, std::string, std::string>> related;
  for (const auto& [name, bytes] : more) {
    auto file = name.substr(name.rfind('/') + 1);
    related.emplace_back("r" + std::to_string(related.size()), file.substr(0, file.find('.')), file);
  }
  Parts parts{{"[Content_Types].xml", content_types("wordprocessingml.document")},
              {"_rels/.rels", relationships({{"r1", "officeDocument", "word/document.xml"}})},
              {"word/_rels/document.xml.rels", relationships(related)},
              {"word/document.xml", R"(<w:document xmlns:w="urn:w" xmlns:mc="urn:mc"><w:body>)" + body_xml +
                                        "</w:body></w:document>"}};
  parts.insert(parts.end(), more.begin(), more.end());
  return make_zip(parts);
}

std::string make_pptx(const std::vector<std::string>& shape_trees, Parts more) {
  std::vector<std::tuple<std::string, std::string, std::string>> related;
  std::string ids;
  Parts parts{{"[Content_Types].xml", content_types("presentationml.presentation")},
              {"_rels/.rels", relationships({{"r1", "officeDocument", "ppt/presentation.xml"}})}};
  for (std::size_t i = 0; i < shape_trees.size(); ++i) {
    auto id = "rId" + std::to_string(i + 1);
    auto file = fmt::format("slides/slide{}.xml", i + 1);
    related.emplace_back(id, "slide", file);
    ids += fmt::format(R"(<p:sldId id="{}" r:id="{}"/>)", 256 + i, id);
    parts.emplace_back("ppt/" + file,
                       R"(<p:sld xmlns:p="urn:p" xmlns:a="urn:a" xmlns:r="urn:r"><p:cSld><p:spTree>)" +
                           shape_trees[i] + "</p:spTree></p:cSld></p:sld>");
  }
  parts.emplace_back("ppt/presentation.xml",
                     R"(<p:presentation xmlns:p="urn:p" xmlns:r="urn:r"><p:sldIdLst>)" + ids +
                         "</p:sldIdLst></p:presentation>");
  parts.emplace_back("ppt/_rels/presentation.xml.rels", relationships(related));
  parts.insert(parts.end(), more.begin(), more.end());
  return make_zip(parts);
}

std::string make_xlsx(const std::string& sheet_rows, Parts more) {
  std::vector<std::tuple<std::string, std::string, std::string>> related{
      {"rId1", "worksheet", "worksheets/sheet1.xml"}};
  for (const auto& [name, bytes] : more) {
    auto file = name.substr(name.rfind('/') + 1);
    related.emplace_back("m" + std::to_string(related.size()), file.substr(0, file.find('.')), file);
  }
  Parts parts{
      {"[Content_Types].xml", content_types("spreadsheetml.sheet")},
      {"_rels/.rels", relationships({{"r1", "officeDocument", "xl/workbook.xml"}})},
      {"xl/workbook.xml",
       R"(<workbook xmlns:r="urn:r"><sheets><sheet name="Ventes" sheetId="1" r:id="rId1"/></sheets></workbook>)"},
      {"xl/_rels/workbook.xml.rels", relationships(related)},
      {"xl/worksheets/sheet1.xml", "<worksheet><sheetData>" + sheet_rows + "</sheetData></worksheet>"}};
  parts.insert(parts.end(), more.begin(), more.end());
  return make_zip(parts);
}

std::string make_pdf(const std::vector<std::vector<PdfText>>& pages, int rotate) {
  std::vector<std::string> objects;
  std::string kids;
  for (std::size_t i = 0; i < pages.size(); ++i) kids += fmt::format("{} 0 R ", 5 + 2 * i);
  objects.push_back("<< /Type /Catalog /Pages 2 0 R >>");
  objects.push_back(fmt::format("<< /Type /Pages /Kids [ {}] /Count {} >>", kids, pages.size()));
  objects.push_back("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  objects.push_back("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>");
  for (std::size_t i = 0; i < pages.size(); ++i) {
    std::string stream;
    for (const auto& text : pages[i])
      stream += fmt::format("BT /F{} {} Tf {} {} Td ({}) Tj ET\n", text.bold ? 2 : 1, text.size, text.x,
                            text.y, text.text);
    objects.push_back(
        fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {} /Contents {} 0 R "
                    "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>",
                    rotate, 6 + 2 * i));
    objects.push_back(fmt::format("<< /Length {} >>\nstream\n{}\nendstream", stream.size(), stream));
  }
  std::string out = "%PDF-1.4\n";
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    offsets.push_back(out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  auto start = out.size();
  out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", objects.size() + 1);
  for (auto offset : offsets) out += fmt::format("{:010} 00000 n \n", offset);
  out += fmt::format("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", objects.size() + 1, start);
  return out;
}

TempFile::TempFile(std::string_view bytes) {
  path_ = (std::filesystem::temp_directory_path() / "bastide-parse-XXXXXX").string();
  auto fd = mkstemp(path_.data());
  if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("cannot write a temporary file");
  close(fd);
}
TempFile::~TempFile() { std::filesystem::remove(path_); }

Nursery& nursery() {
  static Nursery made;
  return made;
}

Result<ParsedDocument> parse_in_child(std::string_view bytes, const std::string& name) {
  TempFile file(bytes);
  ParseRequest request;
  request.path = file.path();
  request.name = name;
  request.limits.wall = std::chrono::seconds(60);
  return parse_file(request, nursery());
}

Result<ParsedDocument> parse_here(std::string_view bytes, const std::string& name, const std::string& type) {
  detail::ParseHints hints;
  hints.name = name;
  hints.declared_type = type;
  return detail::parse_bytes(bytes, hints);
}

std::string outline(const ParsedDocument& document) {
  std::string out;
  for (const auto& block : document.blocks) {
    if (!out.empty()) out += '|';
    out += block_kind_name(block.kind);
    if (block.level > 0) out += std::to_string(block.level);
    out += ':';
    out += block.text;
  }
  return out;
}

std::string docling_folder() {
  const char* given = std::getenv("BASTIDE_TEST_DATA");
  auto base =
      given ? std::filesystem::path(given) : std::filesystem::path(BASTIDE_SOURCE_DIR) / "../shared/data";
  auto folder = base / "knowledge/parsers/docling";
  return std::filesystem::exists(folder) ? folder.string() : std::string();
}

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace bastide::knowledge::parse::test
