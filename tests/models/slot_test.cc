#include "models/local/slot.h"

#include <gtest/gtest.h>

#include <numeric>

namespace bastide::models::local {
namespace {

CacheScope scope(const char* person, const char* rights, std::size_t instructions = 0) {
  return {person, rights, instructions};
}

TEST(Sharing, OnesOwnIsUsedToTheLastToken) {
  EXPECT_EQ(shareable(scope("a", "r"), scope("a", "r"), 777), 777U);
  EXPECT_EQ(shareable(scope("a", "r"), scope("a", "other"), 777), 777U);
}

TEST(Sharing, OthersOfTheSameRightsGetWholeBlocks) {
  EXPECT_EQ(shareable(scope("a", "r"), scope("b", "r"), 777), 768U);
  EXPECT_EQ(shareable(scope("a", "r"), scope("b", "r"), 255), 0U);
}

TEST(Sharing, NothingIsSharedBetweenOrganisations) {
  auto other = scope("b", "s", 300);
  other.organisation = "elsewhere";
  EXPECT_EQ(shareable(scope("a", "r", 300), other, 777), 0U);
}

TEST(Sharing, OthersGetInstructionsAsAWholeAndNothingElse) {
  EXPECT_EQ(shareable(scope("a", "r", 300), scope("b", "s", 300), 777), 300U);
  EXPECT_EQ(shareable(scope("a", "r", 300), scope("b", "s", 300), 299), 256U)
      << "they part in the last words";
  EXPECT_EQ(shareable(scope("a", "r", 0), scope("b", "s", 0), 4000), 0U);
  EXPECT_EQ(shareable(scope("a", "r", 300), scope("b", "s", 900), 800), 300U);
}

std::vector<Token> tokens(Token first, std::size_t count) {
  std::vector<Token> out(count);
  std::iota(out.begin(), out.end(), first);
  return out;
}

std::vector<Token> joined(std::vector<Token> a, const std::vector<Token>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<Group> grouped(const std::vector<std::vector<Token>>& caches) {
  std::vector<Answering> slots;
  for (const auto& cache : caches) slots.push_back({cache});
  return group_caches(slots);
}

TEST(Sharing, NothingIsSharedBetweenAdapters) {
  auto with = scope("a", "r", 300);
  with.adapters = "formal*1 ";
  EXPECT_EQ(shareable(with, scope("a", "r", 300), 777), 0U);
  EXPECT_EQ(shareable(scope("a", "r", 300), with, 777), 0U);
  EXPECT_EQ(shareable(with, with, 777), 777U);
}

TEST(Groups, NeverMixAdapters) {
  const auto system = tokens(0, 1000);
  const auto one = joined(system, tokens(5000, 1)), two = joined(system, tokens(6000, 1)),
             three = joined(system, tokens(7000, 1));
  const auto groups =
      group_caches({{one, "a"}, {two, "b"}, {three, "a"}, {one, "b"}, {two, "a"}, {tokens(90, 3), ""}});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].slots, (std::vector<std::size_t>{0, 2, 4}));
  EXPECT_EQ(groups[0].shared, 1000U);
  EXPECT_EQ(groups[1].slots, (std::vector<std::size_t>{1, 3})) << "too few to share";
  EXPECT_EQ(groups[2].slots, (std::vector<std::size_t>{5}));
}

TEST(Groups, WhatBeginsAlikeIsComputedTogether) {
  const auto system = tokens(0, 1000);
  const auto groups = grouped({joined(system, tokens(5000, 40)),
                               tokens(9000, 600),
                               joined(system, tokens(6000, 50)),
                               joined(system, tokens(7000, 10)),
                               {}});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].slots, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(groups[0].shared, 1000U);
  EXPECT_EQ(groups[1].slots, (std::vector<std::size_t>{1}));
  EXPECT_EQ(groups[1].shared, 0U);
}

TEST(Groups, FewOrShortBeginningsAreNotWorthAComputationOfTheirOwn) {
  const auto system = tokens(0, 1000);
  const auto pair =
      grouped({joined(system, tokens(5000, 40)), joined(system, tokens(6000, 40)), tokens(9000, 600)});
  ASSERT_EQ(pair.size(), 1U) << "two are too few beside a third";
  EXPECT_EQ(pair[0].slots.size(), 3U);
  EXPECT_EQ(pair[0].shared, 0U);
  const auto alone = grouped({joined(system, tokens(5000, 40)), joined(system, tokens(6000, 40))});
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0].shared, 1000U) << "but when nobody else answers, it costs nothing";
  const auto brief =
      grouped({joined(tokens(0, 100), tokens(5000, 40)), joined(tokens(0, 100), tokens(6000, 40))});
  ASSERT_EQ(brief.size(), 1U);
  EXPECT_EQ(brief[0].shared, 0U);
  EXPECT_TRUE(grouped({{}, {}}).empty());
}

}  // namespace
}  // namespace bastide::models::local
