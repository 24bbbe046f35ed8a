#include <gtest/gtest.h>

#include <string>

#include "knowledge/parse/chunker.h"
#include "knowledge/parse/parse.h"
#include "tests/knowledge/parse/make.h"

namespace bastide::knowledge::parse {
namespace {

using test::make_pdf;
using test::outline;
using test::parse_in_child;
using test::PdfText;

TEST(Pdf, HeadingsParagraphsHyphens) {
  auto document = parse_in_child(
      make_pdf({{{72, 760, 20, "Guide des conges"},
                 {72, 720, 11, "Chaque personne a droit a vingt-cinq jours de repos par an et les pren-"},
                 {72, 706, 11, "dra quand elle veut, selon l'ac\\351l\\351ration."},
                 {72, 670, 11, "Second paragraphe, qui est separe du premier par un blanc et va loin."},
                 {72, 656, 11, "Il continue ici."},
                 {90, 620, 11, "- premier point de la liste"},
                 {90, 606, 11, "- second point de la liste"}}}),
      "guide.pdf");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(outline(*document),
            "heading1:Guide des conges|paragraph:Chaque personne a droit a vingt-cinq jours de repos par an "
            "et les prendra quand "
            "elle veut, selon l'acélération.|paragraph:Second paragraphe, qui est separe du premier par un "
            "blanc et va loin. Il "
            "continue ici.|list1:- premier point de la liste|list1:- second point de la liste");
  EXPECT_EQ(document->title, "Guide des conges");
  EXPECT_EQ(document->media_type, "application/pdf");
}

// The words of `text` stand where the page was told to put them.
void expect_box(const ParsedDocument& document, const std::string& text, float x, float y, float tolerance) {
  auto whole = whole_text(document);
  auto at = whole.find(text);
  ASSERT_NE(at, std::string::npos) << whole;
  auto boxes = boxes_of(document, {at, at + text.size()});
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_NEAR(boxes[0].x0, x, tolerance) << text;
  EXPECT_LT(boxes[0].y0, y) << text;
  EXPECT_GT(boxes[0].y1, y - 12) << text;
  EXPECT_NEAR((boxes[0].y0 + boxes[0].y1) / 2, y - 4, 6) << text;
}

TEST(Pdf, BoxesAreWhereTheTextIs) {
  auto bytes = make_pdf({{{72, 700, 12, "Bonjour tout le monde."}, {300, 500, 12, "Ailleurs, plus bas."}}});
  auto document = parse_in_child(bytes, "a.pdf");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_FLOAT_EQ(document->pages[0].width, 595);
  EXPECT_FLOAT_EQ(document->pages[0].height, 842);
  expect_box(*document, "Bonjour tout le monde.", 72, 842 - 700, 2);
  expect_box(*document, "Ailleurs", 300, 842 - 500, 2);
  // "tout" begins after "Bonjour " of Helvetica 12: 6.67+6.67+6.67+2.67+6.67+6.67+4+3.34
  expect_box(*document, "tout", 72 + 44.7F, 842 - 700, 2);
}

TEST(Pdf, RotationIsAppliedToBoxes) {
  auto document = parse_in_child(make_pdf({{{72, 700, 12, "Texte tourne."}}}, 90), "a.pdf");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_FLOAT_EQ(document->pages[0].width, 842);
  auto boxes = boxes_of(*document, {0, 13});
  ASSERT_FALSE(boxes.empty());
  // Turned a quarter clockwise, what was 700 from the bottom is 700 from the left.
  EXPECT_NEAR(boxes[0].x0, 700, 12);
  EXPECT_GE(boxes[0].y0, 60);
  EXPECT_LE(boxes[0].y1, 842);
}

TEST(Pdf, RunningHeadersAndFootersGo) {
  std::vector<std::vector<PdfText>> pages;
  for (int i = 1; i <= 5; ++i)
    pages.push_back(
        {{72, 810, 9, "Rapport annuel"},
         {72, 600, 12, "Contenu propre de la page " + std::string(1, static_cast<char>('A' + i)) + "."},
         {280, 30, 9, "Page " + std::to_string(i) + " / 5"}});
  auto document = parse_in_child(make_pdf(pages), "a.pdf");
  ASSERT_TRUE(document) << document.error().message;
  auto whole = whole_text(*document);
  EXPECT_EQ(whole.find("Rapport annuel"), std::string::npos) << whole;
  EXPECT_EQ(whole.find("Page 3"), std::string::npos) << whole;
  EXPECT_NE(whole.find("la page D."), std::string::npos) << whole;
  EXPECT_EQ(document->blocks.back().page, 5U);
}

TEST(Pdf, TablesKeepTheirRows) {
  std::vector<PdfText> page{{72, 760, 12, "Voici les montants de chaque annee de la convention en cours."}};
  for (int i = 0; i < 4; ++i) {
    page.push_back({72, 700 - 16 * i, 11, "Ligne " + std::to_string(i)});
    page.push_back({250, 700 - 16 * i, 11, std::to_string(100 * i)});
    page.push_back({400, 700 - 16 * i, 11, "euros"});
  }
  auto document = parse_in_child(make_pdf({page}), "a.pdf");
  ASSERT_TRUE(document) << document.error().message;
  ASSERT_EQ(document->blocks.size(), 2U) << outline(*document);
  EXPECT_EQ(document->blocks[1].kind, BlockKind::table);
  EXPECT_EQ(document->blocks[1].text,
            "Ligne 0 | 0 | euros\nLigne 1 | 100 | euros\nLigne 2 | 200 | euros\nLigne 3 | 300 | euros");
  auto at = whole_text(*document).find("300 | euros");
  auto boxes = boxes_of(*document, {at, at + 3});
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_NEAR(boxes[0].x0, 250, 2);
}

TEST(Pdf, ColumnsWrittenOutOfOrderAreReadInOrder) {
  std::vector<PdfText> page;
  // Bottom up, and both columns mixed.
  for (int i = 9; i >= 0; --i) {
    page.push_back(
        {320, 700 - 14 * i, 11, "droite" + std::to_string(i) + " et la suite du texte vers le bord"});
    page.push_back(
        {60, 700 - 14 * i, 11, "gauche" + std::to_string(i) + " et la suite du texte vers le milieu"});
  }
  auto document = parse_in_child(make_pdf({page}), "a.pdf");
  ASSERT_TRUE(document) << document.error().message;
  auto whole = whole_text(*document);
  for (int i = 0; i < 9; ++i) {
    EXPECT_LT(whole.find("gauche" + std::to_string(i)), whole.find("gauche" + std::to_string(i + 1)));
    EXPECT_LT(whole.find("droite" + std::to_string(i)), whole.find("droite" + std::to_string(i + 1)));
  }
  EXPECT_LT(whole.find("gauche9"), whole.find("droite0")) << whole;
}

TEST(Pdf, ScansAndDamageAreSaid) {
  auto scan = parse_in_child(make_pdf({{}}), "scan.pdf");
  ASSERT_FALSE(scan);
  EXPECT_EQ(scan.error().detail, "no_text");
  EXPECT_NE(scan.error().action.find("OCR"), std::string::npos);
  auto whole = make_pdf({{{72, 700, 12, "Texte."}}});
  auto broken = parse_in_child("%PDF-1.7\nnothing of use", "a.pdf");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().detail, "corrupt");
  // Cut anywhere it gives text or a clear error, never a crash.
  for (auto size : {60UL, 200UL, 400UL, whole.size() - 60}) {
    auto cut = parse_in_child(whole.substr(0, size), "a.pdf");
    if (!cut)
      EXPECT_TRUE(cut.error().detail == "corrupt" || cut.error().detail == "no_text") << cut.error().detail;
  }
}

TEST(Pdf, PagesAreDrawn) {
  test::TempFile file(make_pdf({{{72, 700, 12, "Texte."}}, {}}));
  auto png = render_page(file.path(), 1, 300, test::nursery());
  ASSERT_TRUE(png) << png.error().message;
  ASSERT_GT(png->size(), 60U);
  EXPECT_TRUE(png->starts_with("\x89PNG\r\n\x1A\n"));
  auto number = [&](std::size_t at) {
    unsigned value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>((*png)[at + i]);
    return value;
  };
  EXPECT_EQ(number(16), 300U);
  EXPECT_NEAR(number(20), 424, 1);
  auto blank = render_page(file.path(), 2, 300, test::nursery());
  ASSERT_TRUE(blank);
  EXPECT_LT(blank->size(), png->size());
  for (int page : {0, -1, 3}) {
    auto none = render_page(file.path(), page, 300, test::nursery());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().detail, "no_such_page");
  }
  test::TempFile text("Pas un PDF");
  auto not_pdf = render_page(text.path(), 1, 300, test::nursery());
  ASSERT_FALSE(not_pdf);
  EXPECT_EQ(not_pdf.error().detail, "unsupported_type");
}

TEST(Pdf, ProgressIsTold) {
  std::vector<std::vector<PdfText>> pages(400, {{72, 700, 12, "Une page de plus, avec un peu de texte."}});
  test::TempFile file(make_pdf(pages));
  ParseRequest request;
  request.path = file.path();
  std::size_t last = 0;
  request.on_progress = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(total, 400U);
    EXPECT_GE(done, last);
    last = done;
  };
  auto document = parse_file(request, test::nursery());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->pages.size(), 400U);
}

}  // namespace
}  // namespace bastide::knowledge::parse
