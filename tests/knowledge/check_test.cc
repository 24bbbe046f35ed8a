// Claims against passages: what must pass, what must not.
#include "knowledge/citations/check.h"

#include <gtest/gtest.h>

#include "knowledge/citations/markers.h"

namespace bastide::knowledge::citations {
namespace {
using exchange::Passage;

std::vector<Passage> passages() {
  auto make = [](std::string id, std::string title, std::string section, std::string text) {
    Passage passage;
    passage.id = std::move(id);
    passage.title = std::move(title);
    passage.section = std::move(section);
    passage.text = std::move(text);
    return passage;
  };
  return {
      make("p1", "Accord relatif au télétravail", "Article 2",
           "Un agent à temps plein peut télétravailler deux jours par semaine au maximum. Un agent à temps "
           "partiel peut "
           "télétravailler un jour par semaine. La présence dans les locaux est obligatoire le mardi."),
      make("p2", "Règlement de la médiathèque", "Inscription",
           "L'inscription est gratuite pour les moins de 26 ans. Pour les autres habitants, elle coûte 12 "
           "euros par an. "
           "Aucune amende n'est demandée en cas de retard."),
      make("p3", "Visiting Valmoret", "Castle",
           "The castle is open from April to October, every day except Monday, from 10 a.m. to 6 p.m. "
           "Admission costs 7 "
           "euros; it is free for children under 12. Dogs are not allowed inside, except guide dogs."),
      make("p4", "Frais de déplacement", "",
           "Nature de la dépense | Plafond | Justificatif\nNuit à Paris | 140,00 euros | Facture d'hôtel\n"
           "Nuit ailleurs | 90,00 euros | Facture d'hôtel"),
  };
}

struct Case {
  const char* question;
  const char* sentence;
  bool supported;
};

class Claims : public testing::TestWithParam<Case> {};

TEST_P(Claims, AreJudged) {
  const auto all = passages();
  const auto& [question, sentence, supported] = GetParam();
  const auto result = check(sentence, question, all);
  EXPECT_TRUE(result.is_claim) << sentence;
  EXPECT_EQ(result.supported, supported) << sentence << " -> " << result.text;
  EXPECT_EQ(result.supported, !result.citations.empty());
}

constexpr const char* telework = "Combien de jours de télétravail par semaine pour un agent à temps plein ?";
constexpr const char* library = "Combien coûte l'inscription à la médiathèque ?";
constexpr const char* castle = "When is the castle open and what does it cost?";

INSTANTIATE_TEST_SUITE_P(
    Supported, Claims,
    testing::Values(
        Case{telework, "Un agent à temps plein peut télétravailler deux jours par semaine [1].", true},
        Case{telework, "Un agent à temps plein peut télétravailler 2 jours par semaine.", true},
        Case{telework, "- **La présence dans les locaux est obligatoire le mardi** [2].", true},
        Case{library, "L'inscription coûte 12 euros par an pour les autres habitants [2].", true},
        Case{library, "L'inscription à la médiathèque est gratuite pour les moins de 26 ans.", true},
        Case{library, "Aucune amende n'est demandée en cas de retard [2].", true},
        Case{castle, "The castle is open from April to October, every day except Monday [3].", true},
        Case{castle, "Admission costs 7 euros.", true},
        Case{castle, "Dogs are not allowed inside the castle, except guide dogs.", true},
        Case{"Plafond pour une nuit à Paris ?",
             "Le plafond pour une nuit à Paris est de 140 euros, sur facture d'hôtel.", true}));

INSTANTIATE_TEST_SUITE_P(
    Invented, Claims,
    testing::Values(
        Case{telework, "Un agent à temps plein peut télétravailler trois jours par semaine [1].", false},
        Case{telework, "Un agent à temps plein peut télétravailler deux heures par semaine [1].", false},
        Case{telework, "La présence dans les locaux est obligatoire le jeudi [1].", false},
        Case{telework, "La présence dans les locaux n'est pas obligatoire le mardi [1].", false},
        Case{telework, "Selon Marc Duval, un agent à temps plein peut télétravailler deux jours par semaine.",
             false},
        Case{telework, "Le télétravail améliore la concentration et réduit la fatigue des agents.", false},
        Case{telework, "Non.", false},
        Case{library, "L'inscription est payante pour les moins de 26 ans [2].", false},
        Case{library, "L'inscription coûte 15 euros par an [2].", false},
        Case{library, "Une amende est demandée en cas de retard [2].", false},
        Case{library, "L'inscription coûte 26 euros par an [2].", false},
        Case{castle, "The castle is open from March to October, every day except Monday [3].", false},
        Case{castle, "Dogs are allowed inside the castle.", false},
        Case{castle, "Admission costs 7 dollars and includes a drink.", false},
        Case{castle, "Admission to the castle is free for seniors.", false},
        Case{castle, "The castle was built by King Henry.", false},
        Case{"Plafond pour une nuit à Paris ?", "Le plafond pour une nuit à Paris est de 200 euros.",
             false}));

TEST(Check, ConnectiveSentencesAreNoClaims) {
  const auto all = passages();
  for (const char* sentence :
       {"Voici ce que disent les documents :", "D'après les documents fournis, voici la réponse.",
        "Here is a summary:", "Les documents ne mentionnent pas le prix de la piscine.",
        "N'hésitez pas à me demander plus de détails.",
        "The provided passages do not mention the price of the swimming pool.", "---", ""}) {
    const auto result = check(sentence, "Quel est le prix de la piscine / price of the swimming pool ?", all);
    EXPECT_FALSE(result.is_claim) << sentence;
    EXPECT_TRUE(result.citations.empty());
  }
}

TEST(Check, PutsMarkersRight) {
  const auto all = passages();
  const auto moved =
      check("Un agent à temps plein peut télétravailler deux jours par semaine [3].", telework, all);
  EXPECT_EQ(moved.text, "Un agent à temps plein peut télétravailler deux jours par semaine [1].");
  ASSERT_EQ(moved.citations.size(), 1U);
  EXPECT_EQ(moved.citations[0].marker, 1);
  EXPECT_EQ(moved.citations[0].passage, "p1");
  EXPECT_EQ(moved.citations[0].quote,
            "Un agent à temps plein peut télétravailler deux jours par semaine au maximum.");

  EXPECT_EQ(check("Admission costs 7 euros [9].", castle, all).text, "Admission costs 7 euros [3].");
  EXPECT_EQ(check("Admission costs 7 euros.", castle, {}).supported, false);
}

TEST(Check, SurvivesAnything) {
  const auto all = passages();
  EXPECT_FALSE(check(std::string(100'000, 'x'), "", all).supported);
  EXPECT_FALSE(check("[1][2][3]", "", all).supported);
  EXPECT_FALSE(check("\xf0\x9f\x98\x80 [1]", "?", all).supported);
}

TEST(Markers, AreTakenAndPut) {
  const auto marked = take_markers("Two days [1, 3] a week [2]. See [1](http://x) and [a].");
  EXPECT_EQ(marked.text, "Two days a week. See [1](http://x) and [a].");
  EXPECT_EQ(marked.markers, (std::vector<int>{1, 3, 2}));
  EXPECT_EQ(put_markers("Two days.", {1, 2}), "Two days [1][2].");
  EXPECT_EQ(put_markers("| a | b |\n", {1}), "| a | b [1] |\n");
  EXPECT_EQ(put_markers("**Two days.**", {4}), "**Two days [4].**");
  EXPECT_EQ(put_markers("Two days", {}), "Two days");
  EXPECT_EQ(take_markers("[99999999999999999999]").markers.size(), 0U);
}

}  // namespace
}  // namespace bastide::knowledge::citations
