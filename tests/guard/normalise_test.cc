#include "guard/normalise.h"

#include <gtest/gtest.h>

#include "tests/guard/found.h"

namespace bastide::guard {
namespace {

std::string normal(std::string_view text) {
  Normal out;
  normalise(text, out);
  return out.text;
}

TEST(Normalise, undoes_disguises) {
  EXPECT_EQ(normal("plain ASCII\tstays\n"), "plain ASCII\tstays\n");
  EXPECT_EQ(normal("été"), "été");
  EXPECT_EQ(normal("e\u0301te\u0301"), "été");
  EXPECT_EQ(normal("ＦＲ７６"), "FR76");
  EXPECT_EQ(normal("a\u200Bb\u00ADc\uFEFFd"), "abcd");
  EXPECT_EQ(normal("06\u00A012\u202F34\u20095"), "06 12 34 5");
  EXPECT_EQ(normal("Jean\u2011Pierre \u2014 l\u2019\u00e9t\u00e9"), "Jean-Pierre - l'été");
  EXPECT_EQ(normal("ﬁn"), "fin");
  EXPECT_EQ(normal("\u0663\u0664"), "34");                       // Arabic-Indic
  EXPECT_EQ(normal("p\u0430ypal.com"), "paypal.com");            // Cyrillic a
  EXPECT_EQ(normal("\u0430\u0431\u0432 привет"), "абв привет");  // Russian stays Russian
  EXPECT_EQ(normal("\U000E0068\U000E0069"), "hi");
}

TEST(Normalise, maps_every_byte_back) {
  for (std::string_view text : {"e\u0301 \U0001F600 ﬁ ＦＲ７６ a\u200Bb", "\u0301\u0301\u0301", "\uFDFA",
                                "x\U000E0041y", "日本語 テスト"}) {
    Normal out;
    normalise(text, out);
    std::size_t last = 0;
    for (std::size_t i = 0; i < out.text.size(); ++i) {
      const auto from = out.original_begin(i), to = out.original_end(i + 1);
      EXPECT_LT(from, to);
      EXPECT_LE(to, text.size());
      EXPECT_GE(from, last);
      last = from;
    }
  }
}

TEST(Normalise, survives_endless_marks) {
  std::string zalgo = "a";
  for (int i = 0; i < 10'000; ++i) zalgo += "\u0301";
  EXPECT_FALSE(normal(zalgo).empty());
}

TEST(Offsets, are_code_points_of_the_original) {
  struct Row {
    std::string text;
    std::size_t first, last;
  };
  for (const auto& row :
       {Row{"mail a@b.fr", 5, 11}, Row{"\U0001F600\U0001F600 a@b.fr", 3, 9},
        Row{"e\u0301e\u0301 a@b.fr.", 5, 11}, Row{"é: a\u200B@b.fr", 3, 10}, Row{"ａ＠ｂ．ｆｒ", 0, 6}}) {
    auto matches = testing::detector().find(row.text);
    ASSERT_TRUE(matches);
    ASSERT_EQ(matches->size(), 1U) << row.text;
    EXPECT_EQ((*matches)[0].type, Type::email);
    EXPECT_EQ((*matches)[0].first, row.first) << row.text;
    EXPECT_EQ((*matches)[0].last, row.last) << row.text;
    EXPECT_EQ(byte_of_code_point(row.text, row.first), (*matches)[0].begin);
  }
}

TEST(Offsets, hold_in_windows_as_in_one_piece) {
  std::string unit = "Une ligne de texte ordinaire avec des accents é è \U0001F600 et rien d'autre à voir.\n";
  std::string text;
  std::vector<std::size_t> places;
  while (text.size() < 1'300'000) {
    for (int i = 0; i < 37; ++i) text += unit;
    places.push_back(count_code_points(text) + 9);
    text += "Contact: jean.martin" + std::to_string(places.size()) + "@exemple.fr\n";
  }
  auto matches = testing::detector().find(text);
  ASSERT_TRUE(matches);
  std::vector<std::size_t> found;
  for (const auto& m : *matches)
    if (m.type == Type::email) {
      found.push_back(m.first);
      EXPECT_EQ(text.substr(m.begin, 11), "jean.martin");
    }
  EXPECT_EQ(found, places);
}

}  // namespace
}  // namespace bastide::guard
