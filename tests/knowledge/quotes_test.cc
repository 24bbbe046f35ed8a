#include "knowledge/citations/quotes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "knowledge/citations/layout.h"
#include "tests/knowledge/fake_models.h"

namespace bastide::knowledge::citations {
namespace {

std::vector<exchange::Passage> passages() {
  exchange::Passage a;
  a.id = "a";
  a.title = "Médiathèque";
  a.text =
      "La médiathèque accueille tous les publics. L'inscription coûte 12 euros par an. Elle se fait au "
      "guichet.";
  a.score = 1;
  exchange::Passage b;
  b.id = "b";
  b.title = "Piscine";
  b.text = "La piscine est ouverte le samedi. L'entrée coûte 4 euros.";
  b.score = 0.2;
  return {a, b};
}

TEST(Quotes, AreWordForWord) {
  test::FakeModels models;
  models.common = 0.01F;
  for (const std::string model : {"e5-small", ""}) {
    const auto quotes =
        sync_wait(quote(models, model, "Combien coûte l'inscription à la médiathèque ?", passages(), 3));
    ASSERT_TRUE(quotes);
    ASSERT_FALSE(quotes->empty());
    EXPECT_EQ(quotes->front().passage, "a");
    EXPECT_THAT(*quotes, testing::Contains(
                             testing::Field(&exchange::Citation::quote, testing::HasSubstr("12 euros"))));
    if (model.empty()) EXPECT_THAT(quotes->front().quote, testing::HasSubstr("12 euros"));
    int marker = 0;
    for (const auto& one : *quotes) {
      EXPECT_EQ(one.marker, ++marker);
      const auto all = passages();
      const auto& text = one.passage == "a" ? all[0].text : all[1].text;
      EXPECT_NE(text.find(one.quote), std::string::npos);
    }
    EXPECT_LE(quotes->size(), 3U);
  }
}

TEST(Quotes, WithoutPassagesThereAreNone) {
  test::FakeModels models;
  const auto quotes = sync_wait(quote(models, "e5-small", "Combien ?", {}, 3));
  ASSERT_TRUE(quotes);
  EXPECT_TRUE(quotes->empty());
}

exchange::Passage collection_days() {
  exchange::Passage passage;
  passage.id = "a";
  passage.title = "Collecte des déchets";
  passage.text =
      "Les bacs sont gris, jaunes ou bruns.\n\nJours de collecte\n\n"
      "Secteur | Ordures ménagères | Emballages\nCentre | lundi et jeudi | mercredi\n"
      "Gare | lundi. Férié : mardi. | mardi\n\nLes bacs sont sortis la veille après 19 h.";
  passage.score = 1;
  return passage;
}

TEST(Quotes, ARowOfATableComesWholeWithItsHeader) {
  test::FakeModels models;
  const auto quotes = sync_wait(
      quote(models, "", "Quel jour sont collectés les emballages de la Gare ?", {collection_days()}, 3));
  ASSERT_TRUE(quotes);
  const auto row =
      std::ranges::find(*quotes, "Gare | lundi. Férié : mardi. | mardi", &exchange::Citation::quote);
  ASSERT_NE(row, quotes->end());
  EXPECT_EQ(row->header, "Secteur | Ordures ménagères | Emballages");
}

TEST(Quotes, WhatOnlyNamesIsNotQuoted) {
  test::FakeModels models;
  const auto quotes =
      sync_wait(quote(models, "", "Jours de collecte des emballages", {collection_days()}, 9));
  ASSERT_TRUE(quotes);
  for (const auto& one : *quotes) {
    EXPECT_NE(one.quote, "Jours de collecte");
    EXPECT_FALSE(one.quote.starts_with("Secteur")) << one.quote;
  }
}

TEST(Layout, ItemsOfAListAreNoHeadings) {
  const std::string_view list = "Apportez :\n\nun justificatif\n\nune photo\n\nLe guichet ouvre à 9 h.";
  const auto photo = list.find("une photo");
  EXPECT_FALSE(is_heading(list, photo, photo + 9));
  const auto proof = list.find("un just");
  EXPECT_FALSE(is_heading(list, proof, proof + 15));
  const std::string_view headed = "Il ferme à 17 h.\n\nPièces à fournir\n\nUn justificatif suffit.";
  const auto heading = headed.find("Pièces");
  EXPECT_TRUE(is_heading(headed, heading, headed.find("\n\nUn")));
  EXPECT_FALSE(is_heading(headed, 0, headed.find('\n')));
}

TEST(Layout, PairsHaveNoHeaderThatIsSkipped) {
  const auto first = table_row_at("Nom | Léa\nÂge | 30", 0);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->names_columns);
  EXPECT_TRUE(first->header.empty());
  EXPECT_FALSE(table_row_at("Sans tableau.", 3));
}

}  // namespace
}  // namespace bastide::knowledge::citations
