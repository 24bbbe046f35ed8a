#include "models/local/answer_groups.h"

#include <gtest/gtest.h>

#include <numeric>

namespace bastide::models::local {
namespace {

using Slots = std::vector<std::size_t>;

std::vector<Token> tokens(Token first, std::size_t count) {
  std::vector<Token> out(count);
  std::iota(out.begin(), out.end(), first);
  return out;
}

std::vector<Token> joined(std::vector<Token> a, const std::vector<Token>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Computation grouped(const std::vector<std::vector<Token>>& caches) {
  std::vector<Answering> slots;
  for (const auto& cache : caches) slots.push_back({cache});
  auto computations = group_answers(slots);
  EXPECT_LE(computations.size(), 1U) << "one set of adapters";
  return computations.empty() ? Computation() : computations.front();
}

TEST(AnswerGroups, NeverMixAdapters) {
  const auto system = tokens(0, 1000);
  const auto one = joined(system, tokens(5000, 1)), two = joined(system, tokens(6000, 1)),
             three = joined(system, tokens(7000, 1)), other = tokens(90, 3);
  const std::vector<Answering> slots{{one, "a"}, {two, "b"}, {three, "a"},
                                     {one, "b"}, {two, "a"}, {other, ""}};
  const auto computations = group_answers(slots);
  ASSERT_EQ(computations.size(), 3U);
  ASSERT_EQ(computations[0].size(), 1U);
  EXPECT_EQ(computations[0][0].slots, (Slots{0, 2, 4}));
  EXPECT_EQ(computations[0][0].shared, 1000U);
  EXPECT_EQ(computations[1][0].slots, (Slots{1, 3}));
  EXPECT_EQ(computations[2][0].slots, (Slots{5}));
}

TEST(AnswerGroups, WhatBeginsAlikeIsReadOnce) {
  const auto system = tokens(0, 1000);
  const auto groups = grouped({joined(system, tokens(5000, 40)),
                               tokens(9000, 600),
                               joined(system, tokens(6000, 50)),
                               joined(system, tokens(7000, 10)),
                               {}});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].slots, (Slots{0, 2, 3}));
  EXPECT_EQ(groups[0].shared, 1000U);
  EXPECT_EQ(groups[1].slots, (Slots{1}));
  EXPECT_EQ(groups[1].shared, 0U);
}

TEST(AnswerGroups, AssistantsOfOneHouseAreGroupsOfTheirOwn) {
  const auto house = tokens(0, 300);
  const auto law = joined(house, tokens(1000, 900)), tax = joined(house, tokens(3000, 700));
  const auto groups =
      grouped({joined(law, tokens(10, 5)), joined(tax, tokens(10, 5)), joined(law, tokens(20, 5)),
               joined(tax, tokens(20, 5)), joined(house, tokens(30, 9))});
  ASSERT_EQ(groups.size(), 3U) << "longer beginnings of fewer save more than the house's of all";
  EXPECT_EQ(groups[0].slots, (Slots{0, 2}));
  EXPECT_EQ(groups[0].shared, 1200U);
  EXPECT_EQ(groups[1].slots, (Slots{1, 3}));
  EXPECT_EQ(groups[1].shared, 1000U);
  EXPECT_EQ(groups[2].slots, (Slots{4}));
}

TEST(AnswerGroups, ShortBeginningsAreReadByEach) {
  const auto brief =
      grouped({joined(tokens(0, 100), tokens(5000, 40)), joined(tokens(0, 100), tokens(6000, 40))});
  ASSERT_EQ(brief.size(), 1U);
  EXPECT_EQ(brief[0].slots, (Slots{0, 1}));
  EXPECT_EQ(brief[0].shared, 0U);
  EXPECT_TRUE(grouped({{}, {}}).empty());
}

}  // namespace
}  // namespace bastide::models::local
