#include "knowledge/citations/quotes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace bastide::knowledge::citations
