#include "knowledge/index/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bastide::knowledge::index {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> folded_words(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& word : words(text)) out.push_back(word.folded);
  return out;
}

TEST(Analyzer, FoldsAccentsCaseAndLigatures) {
  EXPECT_EQ(folded("Œuvre d'Été à ÇA"), "oeuvre d'ete a ca");
  EXPECT_EQ(folded("ＡＢＣ"), "abc");
  EXPECT_EQ(folded("\xff"), "\xef\xbf\xbd");
}

TEST(Analyzer, DropsElisionsAndPossessives) {
  EXPECT_THAT(folded_words("L’accord qu'elle n'a, aujourd'hui: the dog's bone"),
              ElementsAre("accord", "elle", "a", "aujourd", "hui", "the", "dog", "bone"));
}

TEST(Analyzer, WordsKnowTheirBytes) {
  const std::string text = "Été 2026";
  const auto found = words(text);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(text.substr(found[0].start, found[0].end - found[0].start), "Été");
  EXPECT_EQ(text.substr(found[1].start, found[1].end - found[1].start), "2026");
}

TEST(Analyzer, BoundsWords) {
  const auto found = words(std::string(1000, 'a'));
  ASSERT_FALSE(found.empty());
  for (const auto& word : found) EXPECT_LE(word.end - word.start, 64U);
  EXPECT_EQ(words("a b c d", 2).size(), 2U);
}

TEST(Analyzer, StemsBringFormsTogether) {
  EXPECT_EQ(stem("journaux"), stem("journal"));
  EXPECT_EQ(stem("dechets"), stem("dechet"));
  EXPECT_EQ(stem("policies"), stem("policy"));
  EXPECT_EQ(stem("worked"), stem("working"));
  EXPECT_EQ(stem("collectees"), stem("collecte"));
  EXPECT_NE(stem("mairie"), stem("maire"));
}

TEST(Analyzer, QuestionWordsGoButNeverAll) {
  EXPECT_THAT(query_terms("Combien de jours de télétravail ?"),
              ElementsAre(stem("jours"), stem("teletravail")));
  EXPECT_THAT(query_terms("Qui est-ce ?"), Not(IsEmpty()));
  // "car" is a conjunction in French and a thing in English.
  EXPECT_THAT(query_terms("where is the car of the mayor"), testing::Contains("car"));
  EXPECT_THAT(query_terms("le car est parti"), testing::Not(testing::Contains("est")));
  EXPECT_THAT(query_terms(""), IsEmpty());
}
}  // namespace
}  // namespace bastide::knowledge::index
