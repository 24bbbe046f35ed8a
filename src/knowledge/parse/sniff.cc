#include "knowledge/parse/sniff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/text.h"
#include "knowledge/parse/charset.h"
#include "knowledge/parse/office/archive.h"
#include "knowledge/parse/pdf/pdfium.h"

namespace bastide::knowledge::parse::detail {
namespace {

struct Known {
  std::string_view extension;
  std::string_view media_type;
  std::optional<FileType> type;  // none: of a kind that is not read
  std::string_view title;
  bool is_text;
};

constexpr std::array<Known, 42> known{{
    {"pdf", "application/pdf", FileType::pdf, "a PDF", false},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", FileType::docx,
     "a Word document", false},
    {"docm", "application/vnd.ms-word.document.macroenabled.12", FileType::docx, "a Word document", false},
    {"dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template", FileType::docx,
     "a Word template", false},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", FileType::pptx,
     "a PowerPoint presentation", false},
    {"pptm", "application/vnd.ms-powerpoint.presentation.macroenabled.12", FileType::pptx,
     "a PowerPoint presentation", false},
    {"ppsx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow", FileType::pptx,
     "a PowerPoint slide show", false},
    {"potx", "application/vnd.openxmlformats-officedocument.presentationml.template", FileType::pptx,
     "a PowerPoint template", false},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", FileType::xlsx,
     "an Excel workbook", false},
    {"xlsm", "application/vnd.ms-excel.sheet.macroenabled.12", FileType::xlsx, "an Excel workbook", false},
    {"xltx", "application/vnd.openxmlformats-officedocument.spreadsheetml.template", FileType::xlsx,
     "an Excel template", false},
    {"odt", "application/vnd.oasis.opendocument.text", FileType::odt, "an OpenDocument text", false},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet", FileType::ods, "an OpenDocument spreadsheet",
     false},
    {"odp", "application/vnd.oasis.opendocument.presentation", FileType::odp, "an OpenDocument presentation",
     false},
    {"epub", "application/epub+zip", FileType::epub, "an e-book", false},
    {"html", "text/html", FileType::html, "a web page", true},
    {"htm", "application/xhtml+xml", FileType::html, "a web page", true},
    {"xhtml", "application/xhtml+xml", FileType::html, "a web page", true},
    {"md", "text/markdown", FileType::markdown, "Markdown", true},
    {"markdown", "text/x-markdown", FileType::markdown, "Markdown", true},
    {"csv", "text/csv", FileType::csv, "a table of text", true},
    {"tsv", "text/tab-separated-values", FileType::csv, "a table of text", true},
    {"json", "application/json", FileType::json, "JSON", true},
    {"xml", "application/xml", FileType::xml, "XML", true},
    {"xml", "text/xml", FileType::xml, "XML", true},
    {"eml", "message/rfc822", FileType::eml, "an e-mail", true},
    {"txt", "text/plain", FileType::text, "plain text", true},
    {"log", "text/plain", FileType::text, "plain text", true},
    {"doc", "application/msword", std::nullopt, "an old Word document", false},
    {"xls", "application/vnd.ms-excel", std::nullopt, "an old Excel workbook", false},
    {"ppt", "application/vnd.ms-powerpoint", std::nullopt, "an old PowerPoint presentation", false},
    {"msg", "application/vnd.ms-outlook", std::nullopt, "an Outlook message", false},
    {"rtf", "application/rtf", std::nullopt, "a rich text (RTF) document", false},
    {"zip", "application/zip", std::nullopt, "an archive", false},
    {"png", "image/png", std::nullopt, "a picture", false},
    {"jpg", "image/jpeg", std::nullopt, "a picture", false},
    {"jpeg", "image/jpeg", std::nullopt, "a picture", false},
    {"gif", "image/gif", std::nullopt, "a picture", false},
    {"tif", "image/tiff", std::nullopt, "a picture", false},
    {"mp3", "audio/mpeg", std::nullopt, "a recording", false},
    {"mp4", "video/mp4", std::nullopt, "a video", false},
    {"exe", "application/x-msdownload", std::nullopt, "a program", false},
}};

const Known* promised(std::string_view name, std::string_view declared_type) {
  auto dot = name.rfind('.');
  auto extension = dot == std::string_view::npos ? std::string() : ascii_lower(name.substr(dot + 1));
  for (const auto& row : known)
    if (row.extension == extension) return &row;
  auto media = ascii_lower(trim(declared_type.substr(0, declared_type.find(';'))));
  for (const auto& row : known)
    if (row.media_type == media) return &row;
  return nullptr;
}

struct Binary {
  std::string_view magic;
  std::size_t at;
  std::string_view title;
};

// What is recognised only to say what it is.
constexpr std::array<Binary, 17> binaries{{
    {"\x89PNG\r\n", 0, "a picture (PNG)"},
    {"\xFF\xD8\xFF", 0, "a picture (JPEG)"},
    {"GIF8", 0, "a picture (GIF)"},
    {std::string_view("II*\0", 4), 0, "a picture (TIFF)"},
    {std::string_view("MM\0*", 4), 0, "a picture (TIFF)"},
    {"WEBP", 8, "a picture (WebP)"},
    {"ftyp", 4, "a video or recording"},
    {"ID3", 0, "a recording (MP3)"},
    {"OggS", 0, "a recording or video (Ogg)"},
    {"WAVE", 8, "a recording (WAV)"},
    {"\x7F"
     "ELF",
     0, "a program"},
    {std::string_view("MZ\x90\0", 4), 0, "a program"},
    {"Rar!\x1A\x07", 0, "an archive (RAR)"},
    {"7z\xBC\xAF\x27\x1C", 0, "an archive (7z)"},
    {"\x1F\x8B", 0, "a compressed file (gzip)"},
    {"{\\rtf", 0, "a rich text (RTF) document"},
    {"%!PS", 0, "a PostScript document"},
}};

std::unexpected<Error> not_read(std::string_view what, const Known* promise) {
  if (promise && promise->type && what != promise->title)
    return fail(Code::unsupported,
                fmt::format("The file says that it is {}, but it is {}.", promise->title, what),
                "type_mismatch", "Check that it is the right file; save it again in its own application.");
  return fail(Code::unsupported, fmt::format("This is {}, which cannot be read.", what), "unsupported_type",
              "Save it as PDF, DOCX, XLSX, PPTX, ODT, HTML or text, and add that.");
}

bool contains_utf16(std::string_view bytes, std::string_view ascii) {
  std::string wide;
  for (char c : ascii) {
    wide += c;
    wide += '\0';
  }
  return bytes.find(wide) != std::string_view::npos;
}

// Compound files: Office before 2007, and the wrapping of encrypted Office files since.
Result<Sniffed> sniff_compound(std::string_view bytes) {
  auto head = bytes.substr(0, 4 * 1024 * 1024);
  if (contains_utf16(head, "EncryptedPackage"))
    return fail(Code::invalid, "The document is protected by a password.", "password_protected",
                "Save a copy without the password and add that.");
  auto what = contains_utf16(head, "WordDocument")           ? "an old Word document (.doc)"
              : contains_utf16(head, "Workbook")             ? "an old Excel workbook (.xls)"
              : contains_utf16(head, "PowerPoint Document")  ? "an old PowerPoint presentation (.ppt)"
              : contains_utf16(head, "__properties_version") ? "an Outlook message (.msg)"
                                                             : "an old Office document";
  return fail(Code::unsupported, fmt::format("This is {}, which cannot be read.", what), "unsupported_type",
              "Open it in its application and save it in today's format (DOCX, XLSX, PPTX, EML or PDF).");
}

Result<Sniffed> sniff_zip(std::string_view bytes, const Known* promise) {
  auto archive = office::Archive::open(bytes);
  if (!archive) return pass(archive);
  auto differs = [&](FileType type) { return Sniffed{type, promise && promise->type != type}; };
  if (archive->has("mimetype")) {
    auto type = archive->read("mimetype");
    if (!type) return pass(type);
    auto name = std::string(trim(*type));
    if (archive->has("META-INF/manifest.xml")) {
      auto manifest = archive->read("META-INF/manifest.xml");
      if (manifest && manifest->find("encryption-data") != std::string::npos &&
          name.find("opendocument") != std::string::npos)
        return fail(Code::invalid, "The document is protected by a password.", "password_protected",
                    "Save a copy without the password and add that.");
    }
    for (const auto& row : known) {
      auto base = std::string(row.media_type);
      if (row.type && (name == base || name == base + "-template")) return differs(*row.type);
    }
  }
  if (archive->has("[Content_Types].xml")) {
    auto types = archive->read("[Content_Types].xml");
    if (!types) return pass(types);
    if (types->find("wordprocessingml.") != std::string::npos || types->find("ms-word.") != std::string::npos)
      return differs(FileType::docx);
    if (types->find("presentationml.") != std::string::npos ||
        types->find("ms-powerpoint.") != std::string::npos)
      return differs(FileType::pptx);
    if (types->find("spreadsheetml.") != std::string::npos || types->find("ms-excel.") != std::string::npos)
      return differs(FileType::xlsx);
  }
  if (promise && promise->type && !promise->is_text) {
    auto cut = archive->names().empty();
    if (cut)
      return fail(Code::corrupt,
                  fmt::format("The file says that it is {}, but it is an empty archive.", promise->title),
                  "corrupt", "Get it again from where it came.");
  }
  return not_read("an archive (ZIP)", promise);
}

bool looks_binary(std::string_view bytes) {
  auto sample = bytes.substr(0, 8192);
  if (sample.starts_with("\xFF\xFE") || sample.starts_with("\xFE\xFF")) return false;
  std::size_t zeros = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    auto byte = static_cast<unsigned char>(sample[i]);
    zeros += byte == 0;
    odd += byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t' && byte != '\f' && byte != 0x1B &&
           byte != 0;
  }
  // Zeros in every other place are UTF-16 without its mark.
  if (zeros > 0 && (zeros < sample.size() * 3 / 10 || zeros > sample.size() * 6 / 10)) return true;
  return odd * 50 > sample.size();
}

bool looks_like_mail(std::string_view text) {
  std::size_t headers = 0;
  auto telling = false;
  for (auto line : split(text.substr(0, 8192), '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') continue;
    if (headers == 0 && line.starts_with("From ")) continue;  // mbox
    auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    auto name = ascii_lower(line.substr(0, colon));
    if (name.find(' ') != std::string::npos) return false;
    for (std::string_view one :
         {"from", "received", "return-path", "message-id", "mime-version", "delivered-to", "subject"})
      telling = telling || name == one;
    ++headers;
  }
  return telling && headers >= 2;
}

bool looks_like_html(std::string_view text) {
  auto head = ascii_lower(text.substr(0, 2048));
  auto start = head.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return false;
  auto rest = std::string_view(head).substr(start);
  while (rest.starts_with("<!--")) {
    auto end = rest.find("-->");
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 3);
    rest = trim(rest);
  }
  if (rest.starts_with("<?xml")) return rest.find("<html") != std::string_view::npos;
  return rest.starts_with("<!doctype html") || rest.starts_with("<html") || rest.starts_with("<head") ||
         rest.starts_with("<body");
}

Result<Sniffed> sniff_text(std::string_view bytes, const Known* promise) {
  // Enough to tell, whatever the encoding; the parser decodes it all.
  auto text = decode(utf8_prefix(bytes, 16 * 1024));
  if (promise && !promise->is_text) return not_read("plain text", promise);
  std::optional<FileType> wanted = promise ? promise->type : std::nullopt;
  if (wanted == FileType::eml || wanted == FileType::markdown || wanted == FileType::csv)
    return Sniffed{*wanted, false};
  if (looks_like_html(text))
    return Sniffed{FileType::html, wanted && *wanted != FileType::html && *wanted != FileType::xml};
  if (wanted == FileType::html && text.find('<') != std::string::npos) return Sniffed{FileType::html, false};
  if (wanted != FileType::text && looks_like_mail(text)) return Sniffed{FileType::eml, false};
  if (trim(text).starts_with("<?xml")) return Sniffed{FileType::xml, false};
  if (wanted == FileType::json || wanted == FileType::xml) return Sniffed{*wanted, false};
  return Sniffed{FileType::text, false};
}

}  // namespace

std::string_view media_type_of(FileType type) {
  if (type == FileType::xml) return "application/xml";
  for (const auto& row : known)
    if (row.type == type) return row.media_type;
  return "text/plain";
}

Result<Sniffed> sniff(std::string_view bytes, std::string_view name, std::string_view declared_type) {
  const auto* promise = promised(name, declared_type);
  if (bytes.empty() || bytes.substr(0, 64 * 1024).find_first_not_of(std::string_view(" \t\r\n\0", 5)) ==
                           std::string_view::npos)
    return fail(Code::invalid, "The file is empty.", "empty_document", "Check the file and add it again.");
  if (bytes.starts_with("%PDF-") ||
      (pdf::looks_like_pdf(bytes) && (!promise || promise->type == FileType::pdf)))
    return Sniffed{FileType::pdf, promise && promise->type != FileType::pdf};
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return sniff_zip(bytes, promise);
  if (bytes.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")) return sniff_compound(bytes);
  for (const auto& binary : binaries)
    if (bytes.substr(std::min(binary.at, bytes.size())).starts_with(binary.magic))
      return not_read(binary.title, promise);
  if (looks_binary(bytes)) return not_read("a file of unknown kind", promise);
  return sniff_text(bytes, promise);
}

}  // namespace bastide::knowledge::parse::detail
