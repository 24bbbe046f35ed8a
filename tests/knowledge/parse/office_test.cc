#include <gtest/gtest.h>

#include <string>

#include "knowledge/parse/office/cell_format.h"
#include "knowledge/parse/office/xml.h"
#include "tests/knowledge/parse/make.h"

namespace bastide::knowledge::parse {
namespace {

using test::outline;
using test::parse_here;

std::string paragraph(const std::string& text, const std::string& properties = {}) {
  return "<w:p>" + (properties.empty() ? "" : "<w:pPr>" + properties + "</w:pPr>") + "<w:r><w:t>" + text +
         "</w:t></w:r></w:p>";
}

const std::string styles = R"(<w:styles xmlns:w="urn:w">
<w:style w:styleId="Titre1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Mien"><w:name w:val="Mon titre"/><w:basedOn w:val="Titre1"/></w:style>
<w:style w:styleId="Code"><w:name w:val="Source Code"/></w:style></w:styles>)";
const std::string numbering = R"xml(<w:numbering xmlns:w="urn:w"><w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="Article %1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1%2)"/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>)xml";

TEST(Docx, HeadingsListsTables) {
  std::string list0 = R"(<w:numPr><w:ilvl w:val="0"/><w:numId w:val="7"/></w:numPr>)";
  std::string list1 = R"(<w:numPr><w:ilvl w:val="1"/><w:numId w:val="7"/></w:numPr>)";
  auto bytes = test::make_docx(
      paragraph("Titre", R"(<w:pStyle w:val="Mien"/>)") +
          paragraph("Sous-titre", R"(<w:outlineLvl w:val="1"/>)") + paragraph("un", list0) +
          paragraph("petit", list1) + paragraph("deux", list0) + paragraph("autre", list1) +
          "<w:p><w:r><w:t>Il "
          "</w:t></w:r><w:del><w:r><w:delText>non</w:delText></w:r></w:del><w:ins><w:r><w:t>oui</w:t></w:r></"
          "w:ins>"
          "<w:r><w:tab/><w:t>fin</w:t><w:br/><w:t>ligne</w:t></w:r></w:p>"
          "<w:tbl><w:tr><w:tc>" +
          paragraph("A") + "</w:tc><w:tc>" + paragraph("B|C") +
          "</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr>" + paragraph("x") +
          paragraph("y") + "</w:tc></w:tr></w:tbl>" + paragraph("let a", R"(<w:pStyle w:val="Code"/>)") +
          paragraph("  = 1", R"(<w:pStyle w:val="Code"/>)") +
          "<w:p><mc:AlternateContent><mc:Choice><w:txbxContent>" + paragraph("boîte") +
          "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>" + paragraph("double") +
          "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>",
      {{"word/styles.xml", styles},
       {"word/numbering.xml", numbering},
       {"word/footnotes.xml", R"(<w:footnotes xmlns:w="urn:w"><w:footnote w:type="separator">)" +
                                  paragraph("---") + "</w:footnote><w:footnote w:id=\"2\">" +
                                  paragraph("Une note.") + "</w:footnote></w:footnotes>"}});
  auto document = parse_here(bytes, "a.docx");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(outline(*document),
            "heading1:Titre|heading2:Sous-titre|list1:Article 1. un|list2:1a) petit|list1:Article 2. "
            "deux|list2:2a) "
            "autre|paragraph:Il oui fin\nligne|table:A | B\\|C\nx y|code:let a\n  = "
            "1|paragraph:boîte|paragraph:Une note.");
}

TEST(Pptx, SlidesTitlesNotesTables) {
  auto shape = [](const std::string& type, const std::string& paragraphs) {
    return "<p:sp><p:nvSpPr><p:nvPr>" + (type.empty() ? "" : "<p:ph type=\"" + type + "\"/>") +
           "</p:nvPr></p:nvSpPr><p:txBody>" + paragraphs + "</p:txBody></p:sp>";
  };
  auto text = [](const std::string& words, int level = 0) {
    return "<a:p><a:pPr lvl=\"" + std::to_string(level) + "\"/><a:r><a:t>" + words + "</a:t></a:r></a:p>";
  };
  auto bytes = test::make_pptx(
      {shape("body", text("premier") + text("dedans", 1)) + shape("title", text("Ouverture")) +
           shape("sldNum", text("1")) + shape("", text("libre")),
       shape("ctrTitle", text("Suite")) +
           "<p:grpSp><p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody>" + text("A") +
           "</a:txBody></a:tc><a:tc><a:txBody>" + text("B") +
           "</a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic>"
           "</p:graphicFrame></p:grpSp>"},
      {{"ppt/slides/_rels/slide2.xml.rels",
        R"(<Relationships><Relationship Id="n" Type="http://x/notesSlide" Target="../notesSlides/notesSlide1.xml"/></Relationships>)"},
       {"ppt/notesSlides/notesSlide1.xml", "<p:notes xmlns:p=\"urn:p\" xmlns:a=\"urn:a\"><p:cSld><p:spTree>" +
                                               shape("body", text("Dire bonjour.")) +
                                               "</p:spTree></p:cSld></p:notes>"}});
  auto document = parse_here(bytes, "a.pptx");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(outline(*document),
            "heading1:Ouverture|list1:premier|list2:dedans|paragraph:libre|heading1:Suite|table:A | "
            "B|quote:Dire bonjour.");
  ASSERT_EQ(document->pages.size(), 2U);
  EXPECT_EQ(document->pages[1].title, "Suite");
  EXPECT_EQ(document->blocks.back().page, 2U);
}

TEST(Xlsx, ValuesAsAPersonSeesThem) {
  auto bytes = test::make_xlsx(
      R"(<row r="1"><c r="B1" t="inlineStr"><is><t>Ventes 2026</t></is></c></row>
<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="str"><v>Part</v></c></row>
<row r="3"><c r="B3" s="1"><v>45992</v></c><c r="C3"><v>0.30000000000000004</v></c><c r="D3" s="2"><v>0.125</v></c></row>
<row r="4"><c r="C4" t="b"><v>1</v></c></row><row r="9"><c r="A9" t="s"><v>99</v></c><c r="B9"><v>7</v></c></row>)",
      {{"xl/sharedStrings.xml",
        R"(<sst><si><t>Date</t></si><si><r><t>Mon</t></r><r><t>tant</t></r><rPh><t>x</t></rPh></si></sst>)"},
       {"xl/styles.xml",
        R"(<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="10"/></cellXfs></styleSheet>)"}});
  auto document = parse_here(bytes, "a.xlsx");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(outline(*document),
            "heading1:Ventes|paragraph:Ventes 2026|table:Date | Montant | Part\n2025-12-01 | 0.3 | 12.5%\n | "
            "TRUE|paragraph:7");
  EXPECT_EQ(document->pages[0].title, "Ventes");
}

TEST(CellFormat, DatesAndNumbers) {
  using office::CellFormat;
  using office::format_of_code;
  using office::show_number;
  EXPECT_EQ(show_number("1", CellFormat::date, false), "1900-01-01");
  EXPECT_EQ(show_number("61", CellFormat::date, false), "1900-03-01");
  EXPECT_EQ(show_number("0", CellFormat::date, true), "1904-01-01");
  EXPECT_EQ(show_number("45992.75", CellFormat::date_time, false), "2025-12-01 18:00");
  EXPECT_EQ(show_number("0.5", CellFormat::time, false), "12:00");
  EXPECT_EQ(show_number("-3", CellFormat::date, false), "-3");
  EXPECT_EQ(show_number("1e300", CellFormat::date, false), "1e+300");
  EXPECT_EQ(show_number("x", CellFormat::general, false), "x");
  EXPECT_EQ(show_number("1234567890123", CellFormat::general, false), "1234567890123");
  EXPECT_EQ(format_of_code("0.00%"), CellFormat::percent);
  EXPECT_EQ(format_of_code("[$-40C]d mmmm yyyy"), CellFormat::date);
  EXPECT_EQ(format_of_code("[h]:mm:ss"), CellFormat::time);
  EXPECT_EQ(format_of_code("#,##0.00 \"days\""), CellFormat::general);
  EXPECT_EQ(format_of_code("General"), CellFormat::general);
}

TEST(Odf, TextAndSheets) {
  std::string head =
      R"(<office:document-content xmlns:office="urn:o" xmlns:text="urn:t" xmlns:table="urn:tb"><office:body>)";
  std::string tail = "</office:body></office:document-content>";
  auto odt = test::make_zip(
      {{"mimetype", "application/vnd.oasis.opendocument.text"},
       {"content.xml",
        head +
            R"(<office:text><text:h text:outline-level="2">Titre</text:h><text:p>Un<text:s text:c="3"/>deux<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>note</text:p></text:note-body></text:note></text:p>
<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item></text:list></text:list-item></text:list></office:text>)" +
            tail}});
  auto text = parse_here(odt, "a.odt");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(outline(*text), "heading2:Titre|paragraph:Un deux|list1:a|list2:b|paragraph:1 note");
  auto ods = test::make_zip(
      {{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"},
       {"content.xml",
        head +
            R"(<office:spreadsheet><table:table table:name="F1"><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16000"/></table:table-row>
<table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>1</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row></table:table></office:spreadsheet>)" +
            tail}});
  auto sheet = parse_here(ods, "a.ods");
  ASSERT_TRUE(sheet) << sheet.error().message;
  EXPECT_EQ(outline(*sheet), "heading1:F1|table:A | B\n1 | 1");
}

TEST(Epub, ChaptersInOrder) {
  auto bytes = test::make_zip(
      {{"mimetype", "application/epub+zip"},
       {"META-INF/container.xml",
        R"(<container><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>)"},
       {"OPS/p.opf",
        R"(<package><metadata><dc:title xmlns:dc="urn:d">Livre</dc:title></metadata><manifest><item id="b" href="b.xhtml"/><item id="a" href="../a.xhtml"/></manifest><spine><itemref idref="b"/><itemref idref="a"/></spine></package>)"},
       {"OPS/b.xhtml", "<html><body><h1>Premier</h1></body></html>"},
       {"a.xhtml", "<html><body><p>Second</p></body></html>"}});
  auto document = parse_here(bytes, "a.epub");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->title, "Livre");
  EXPECT_EQ(outline(*document), "heading1:Premier|paragraph:Second");
}

TEST(Xml, DepthAndEntities) {
  EXPECT_EQ(office::xml_depth("<a><b/><c><d>x</d></c><!-- <e><f> --></a>", 100), 3);
  EXPECT_EQ(office::xml_depth("<a x='>'><![CDATA[<b><c>]]></a>", 100), 1);
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<w:p>";
  auto nested = parse_here(test::make_docx(deep), "a.docx");
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().detail, "corrupt");
  // Entities of a DTD are neither fetched nor expanded.
  std::string bomb =
      R"(<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>)";
  auto expanded = parse_here(
      test::make_zip({{"[Content_Types].xml", "wordprocessingml.document"},
                      {"word/document.xml", bomb + "<d><body><p><r><t>x &b; &f;</t></r></p></body></d>"}}),
      "a.docx");
  ASSERT_TRUE(expanded) << expanded.error().message;
  EXPECT_EQ(outline(*expanded), "paragraph:x &b; &f;");
}

}  // namespace
}  // namespace bastide::knowledge::parse
