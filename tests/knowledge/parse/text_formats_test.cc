#include <gtest/gtest.h>

#include <string>

#include "knowledge/parse/charset.h"
#include "knowledge/parse/clean.h"
#include "tests/knowledge/parse/make.h"

namespace bastide::knowledge::parse {
namespace {

using test::outline;
using test::parse_here;

std::string outline_of(std::string_view bytes, const std::string& name) {
  auto document = parse_here(bytes, name);
  return document ? outline(*document) : "error " + document.error().detail;
}

TEST(Clean, GivesNfcAndPlainSpaces) {
  using detail::clean;
  using detail::Spaces;
  EXPECT_EQ(clean("e\xCC\x81t\xC3\xA9 \xC2\xA0 !"), "été !");
  EXPECT_EQ(clean("co\xC2\xADop\xE2\x80\x8B"), "coop");
  EXPECT_EQ(clean("a\r\nb\rc", Spaces::keep_lines), "a\nb\nc");
  EXPECT_EQ(clean("  a\n  b  ", Spaces::collapse), "a b");
  EXPECT_EQ(clean("\n  x\n    y\n", Spaces::keep), "  x\n    y");
  EXPECT_EQ(clean("\xFF ok"), "\xEF\xBF\xBD ok");
  EXPECT_EQ(detail::clean_cell("a|b\nc"), "a\\|b c");
}

TEST(Charset, IsFound) {
  using detail::decode;
  EXPECT_EQ(decode("\xEF\xBB\xBF\xC3\xA9"), "é");
  EXPECT_EQ(decode(std::string_view("\xFF\xFE\xE9\0t\0", 6)), "ét");
  EXPECT_EQ(decode(std::string_view("B\0o\0n\0j\0o\0u\0r\0.\0", 16)), "Bonjour.");
  EXPECT_EQ(decode("L'\xE9t\xE9 est l\xE0, et la f\xEAte aussi : on y sera tr\xE8s bient\xF4t."),
            "L'été est là, et la fête aussi : on y sera très bientôt.");
  EXPECT_EQ(decode("\xA4 100", "iso-8859-15"), "€ 100");
  EXPECT_EQ(detail::decode_as("\xE9", "no-such-charset"), "é");
  EXPECT_EQ(decode(""), "");
}

TEST(Text, ParagraphsAndLists) {
  EXPECT_EQ(outline_of("Titre\n=====\n\nUn.\nDeux.\n\n- a\n- b\n1. c\n", "a.txt"),
            "heading1:Titre|paragraph:Un.\nDeux.|list1:a|list1:b|list1:1. c");
  EXPECT_EQ(outline_of("Latin : \xE9t\xE9, d\xE9j\xE0, gar\xE7on, o\xF9, apr\xE8s.", "a.txt"),
            "paragraph:Latin : été, déjà, garçon, où, après.");
  EXPECT_EQ(outline_of("   \n \n", "a.txt"), "error empty_document");
  EXPECT_EQ(outline_of("{\"a\": 1}", "a.json"), "code:{\"a\": 1}");
}

TEST(Csv, DelimitersQuotesAndLineEnds) {
  EXPECT_EQ(outline_of("Nom;Prix\n\"Dupont; Jean\";3,5\n\"deux\nlignes \"\"ici\"\"\";4\n", "a.csv"),
            "table:Nom | Prix\nDupont; Jean | 3,5\ndeux lignes \"ici\" | 4");
  EXPECT_EQ(outline_of("a\tb\r\n1\t2\r\n", "a.tsv"), "table:a | b\n1 | 2");
  EXPECT_EQ(outline_of("sep=|\na|b\n1|2", "a.csv"), "table:a | b\n1 | 2");
  EXPECT_EQ(outline_of("seul\n1\n2", "a.csv"), "table:seul\n1\n2");
  auto document = parse_here("a,b\n1,2", "a.csv");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->blocks[0].header_rows, 1U);
}

TEST(Markdown, BlocksAreKept) {
  EXPECT_EQ(outline_of("---\ntitle: \"Guide\"\n---\n# Un\n\nTexte *gras* `code` [lien](http://x).\n\n- a\n  "
                       "- b\n- [x] c\n\n3. d\n4. e\n\n> cité\n\n"
                       "```sh\nls  -l\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |\n",
                       "a.md"),
            "heading1:Un|paragraph:Texte gras code lien.|list1:a|list2:b|list1:☑ c|list1:3. d|list1:4. "
            "e|quote:cité|code:ls  "
            "-l|table:A | B\n1 | 2");
  auto document = parse_here("---\ntitle: \"Guide\"\n---\n# Un\n", "a.md");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->title, "Guide");
}

TEST(Html, MainPartWithoutBoilerplate) {
  auto document = parse_here(
      "<!doctype html><html lang=fr><head><title>Le &amp; titre</title><style>x{}</style></head><body>"
      "<nav><a href=/>Accueil</a></nav><main><h1>Titre</h1><p>Un "
      "<b>texte</b><br>coupé.</p><script>mal()</script>"
      "<ol start=3><li>trois<ul><li>dedans</li></ul></li><li><p>quatre</p></li></ol>"
      "<table><caption>Prix</caption><tr><th>A<th>B<tr><td colspan=2>x<tr><td>1<td>2</table>"
      "<pre>a\n  b</pre><blockquote>cité</blockquote><div hidden>caché</div><p style='display: "
      "none'>caché</p></main>"
      "<footer>pied</footer></body></html>",
      "page.html");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->title, "Le & titre");
  EXPECT_EQ(document->language, "fr");
  EXPECT_EQ(outline(*document),
            "heading1:Titre|paragraph:Un texte\ncoupé.|list1:3. trois|list2:dedans|list1:4. "
            "quatre|caption:Prix|table:A | "
            "B\nx\n1 | 2|code:a\n  b|quote:cité");
}

TEST(Html, CharsetOfThePageIsUsed) {
  EXPECT_EQ(outline_of("<html><meta charset=windows-1252><p>\x80 5, d\xE9j\xE0", "a.html"),
            "paragraph:€ 5, déjà");
}

TEST(Html, DeepNestingDoesNotOverflow) {
  std::string deep = "<html><body>";
  for (int i = 0; i < 100'000; ++i) deep += "<div>";
  deep += "fin";
  auto document = parse_here(deep + "<p>Texte</p>", "a.html");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(outline(*document), "paragraph:fin Texte");
  EXPECT_EQ(document->warnings, std::vector<std::string>{"nesting_cut"});
}

TEST(Language, IsGuessed) {
  auto fr =
      parse_here("Le chat est dans la maison et les souris sont dans le jardin avec des fleurs.", "a.txt");
  ASSERT_TRUE(fr);
  EXPECT_EQ(fr->language, "fr");
  auto en = parse_here("The cat is in the house and the mice are in the garden with the flowers.", "a.txt");
  ASSERT_TRUE(en);
  EXPECT_EQ(en->language, "en");
}

}  // namespace
}  // namespace bastide::knowledge::parse
