// Bombs, files cut short, names that lie.
#include <gtest/gtest.h>

#include <string>

#include "tests/knowledge/parse/make.h"

namespace bastide::knowledge::parse {
namespace {

using test::parse_here;
using test::parse_in_child;

std::string detail_of(const Result<ParsedDocument>& document) {
  return document ? "none" : document.error().detail;
}

TEST(Hostile, ZipBombs) {
  auto big = test::make_docx("<w:p/>", {{"word/media.bin", std::string(64UL * 1024 * 1024, '\0')}});
  EXPECT_LT(big.size(), 1024U * 1024);
  EXPECT_EQ(detail_of(parse_in_child(big, "a.docx")), "zip_bomb");
  test::Parts many;
  for (int i = 0; i < 20'100; ++i) many.emplace_back("word/f" + std::to_string(i), "x");
  EXPECT_EQ(detail_of(parse_in_child(test::make_docx("<w:p/>", many), "a.docx")), "zip_bomb");
}

TEST(Hostile, SizesThatLieAreNoticed) {
  auto bytes = test::make_zip(
      {{"[Content_Types].xml", "wordprocessingml.document"},
       {"word/document.xml", "<d><body><p><r><t>" + std::string(100'000, 'x') + "</t></r></p></body></d>"}});
  // The declared size of the last entry, in both headers, becomes ten bytes.
  std::string real{"\xC3\x86\x01", 3};
  auto patched = bytes;
  for (std::size_t at = 0; (at = patched.find("PK\x01\x02", at)) != std::string::npos; at += 4)
    if (patched.compare(at + 46, 8, "word/doc") == 0)
      patched.replace(at + 24, 4, std::string("\x0A\0\0\0", 4));
  auto detail = detail_of(parse_in_child(patched, "a.docx"));
  EXPECT_TRUE(detail == "zip_bomb" || detail == "corrupt") << detail;
}

TEST(Hostile, FilesCutShort) {
  auto whole = test::make_docx("<w:p><w:r><w:t>Texte</w:t></w:r></w:p>");
  for (std::size_t size = 5; size < whole.size(); size += whole.size() / 7)
    EXPECT_EQ(detail_of(parse_here(whole.substr(0, size), "a.docx")), "corrupt") << size;
  EXPECT_EQ(
      detail_of(parse_here(test::make_zip({{"[Content_Types].xml", "wordprocessingml.document"}}), "a.docx")),
      "corrupt");
}

TEST(Hostile, NamesThatLie) {
  auto docx = test::make_docx("<w:p><w:r><w:t>Texte</w:t></w:r></w:p>");
  auto renamed = parse_here(docx, "rapport.pdf");
  ASSERT_TRUE(renamed) << renamed.error().message;
  EXPECT_EQ(renamed->warnings, std::vector<std::string>{"type_differs"});
  auto as_text = parse_here(test::make_pdf({{{72, 700, 12, "Texte."}}}), "notes.txt");
  ASSERT_TRUE(as_text) << as_text.error().message;
  EXPECT_EQ(as_text->media_type, "application/pdf");
  auto text = parse_here("ceci n'est pas un PDF", "rapport.pdf");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().detail, "type_mismatch");
  EXPECT_EQ(text.error().message, "The file says that it is a PDF, but it is plain text.");
  EXPECT_EQ(detail_of(parse_here("\x89PNG\r\n\x1A\n....", "rapport.docx")), "type_mismatch");
  EXPECT_EQ(detail_of(parse_here("plain", "", "application/pdf")), "type_mismatch");
  EXPECT_EQ(detail_of(parse_here(std::string("\x7F"
                                             "ELF\2\1\1\0",
                                             8),
                                 "notes.txt")),
            "type_mismatch");
  EXPECT_EQ(detail_of(parse_here("\x89PNG\r\n\x1A\n....", "photo.png")), "unsupported_type");
  auto page = parse_here("<!DOCTYPE html><html><body><p>Page</p></body></html>", "export.txt");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->media_type, "text/html");
}

TEST(Hostile, OldAndEncryptedOffice) {
  std::string compound("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
  auto wide = [](std::string_view text) {
    std::string out;
    for (char c : text) {
      out += c;
      out += '\0';
    }
    return out;
  };
  auto old = parse_here(compound + std::string(600, '\0') + wide("WordDocument"), "a.doc");
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().detail, "unsupported_type");
  EXPECT_NE(old.error().action.find("DOCX"), std::string::npos);
  EXPECT_EQ(detail_of(parse_here(compound + std::string(600, '\0') + wide("EncryptedPackage"), "a.docx")),
            "password_protected");
  EXPECT_EQ(detail_of(parse_here("", "a.docx")), "empty_document");
  EXPECT_EQ(detail_of(parse_here(std::string(5000, '\0'), "a.txt")), "empty_document");
}

}  // namespace
}  // namespace bastide::knowledge::parse
