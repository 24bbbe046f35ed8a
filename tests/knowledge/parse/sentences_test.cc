#include "knowledge/parse/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace bastide::knowledge::parse {
namespace {

std::vector<std::string> split_of(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& sentence : sentences(text)) {
    EXPECT_EQ(slice(text, sentence.range), sentence.text);
    out.emplace_back(sentence.text);
  }
  return out;
}

using testing::ElementsAre;

TEST(Sentences, AbbreviationsDoNotEndThem) {
  EXPECT_THAT(split_of("M. Dupont a cité l'art. 5 (p. 12). Le Dr. Martin, n° 3, approuve."),
              ElementsAre("M. Dupont a cité l'art. 5 (p. 12).", "Le Dr. Martin, n° 3, approuve."));
  EXPECT_THAT(split_of("See e.g. Smith et al. Smith agrees. J. K. Rowling wrote it."),
              ElementsAre("See e.g. Smith et al. Smith agrees.", "J. K. Rowling wrote it."));
  EXPECT_THAT(split_of("Voir la fig. 3 et le chap. II. Fin."),
              ElementsAre("Voir la fig. 3 et le chap. II.", "Fin."));
  EXPECT_THAT(split_of("La Cie. Générale reste. Cf. l'alin. 2."),
              ElementsAre("La Cie. Générale reste.", "Cf. l'alin. 2."));
}

TEST(Sentences, NumbersAndQuotes) {
  EXPECT_THAT(split_of("Il paie 3.50 euros. « Est-ce vrai ? » demande-t-il. Oui !"),
              ElementsAre("Il paie 3.50 euros.", "« Est-ce vrai ? » demande-t-il.", "Oui !"));
  EXPECT_THAT(split_of("It was in 2019. Then it ended."), ElementsAre("It was in 2019.", "Then it ended."));
  EXPECT_THAT(split_of("Vraiment ? Oui. Non…"), ElementsAre("Vraiment ?", "Oui.", "Non…"));
}

TEST(Sentences, LinesWithinAParagraphGoOn) {
  EXPECT_THAT(split_of("Une phrase coupée\npar la ligne. Une autre."),
              ElementsAre("Une phrase coupée\npar la ligne.", "Une autre."));
  EXPECT_THAT(split_of("Titre\n\nTexte ici."), ElementsAre("Titre", "Texte ici."));
  EXPECT_THAT(split_of("Liste :\n- un\n- deux"), ElementsAre("Liste :", "- un", "- deux"));
  EXPECT_THAT(split_of("a | b\n1 | 2"), ElementsAre("a | b", "1 | 2"));
  EXPECT_THAT(split_of("1. Premier point.\n2. Second point."),
              ElementsAre("1. Premier point.", "2. Second point."));
}

TEST(Sentences, EdgesHold) {
  EXPECT_TRUE(sentences("").empty());
  EXPECT_TRUE(sentences(" \n ").empty());
  EXPECT_THAT(split_of("  é  "), ElementsAre("é"));
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "Une phrase de plus. ";
  EXPECT_EQ(sentences(many).size(), 20'000U);
}

TEST(Words, AreCounted) {
  EXPECT_EQ(count_words("L'été, c'est 3 mois – ou plus !"), 6U);
  EXPECT_EQ(count_words(""), 0U);
  EXPECT_EQ(count_words("... — !"), 0U);
  EXPECT_EQ(count_words("日本語です"), 3U);
}

}  // namespace
}  // namespace bastide::knowledge::parse
