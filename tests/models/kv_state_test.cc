#include "models/local/kv_state.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/models/kv_state.h"

namespace bastide::models::local {
namespace {

using test::made_state;

TEST(KvState, WhatIsCutAndJoinedIsTheSame) {
  for (const std::size_t sections : {1U, 2U}) {
    const auto state = made_state(70, 4, sections);
    const auto blocks = cut_state(state, 16, 0, 4);
    ASSERT_TRUE(blocks) << blocks.error().message;
    ASSERT_EQ(blocks->size(), 4U);
    const auto joined = join_state(std::vector<std::string_view>(blocks->begin(), blocks->end()), 4);
    ASSERT_TRUE(joined);
    EXPECT_EQ(*joined, made_state(64, 4, sections));
    const auto later = cut_state(made_state(38, 4, sections, test::Values::columns, 32), 16, 32, 2);
    ASSERT_TRUE(later);
    EXPECT_EQ((*later)[0], (*blocks)[2]);
    EXPECT_EQ((*later)[1], (*blocks)[3]);
    EXPECT_FALSE(cut_state(state, 16, 32, 2)) << "it begins at 0";
  }
}

TEST(KvState, ValuesInRowsAsFlashAttentionWantsThemAreCutAndJoined) {
  const auto blocks = cut_state(made_state(70, 4, 2, test::Values::rows), 16, 0, 4);
  ASSERT_TRUE(blocks) << blocks.error().message;
  const auto joined = join_state(std::vector<std::string_view>(blocks->begin(), blocks->end()), 4);
  ASSERT_TRUE(joined);
  EXPECT_EQ(*joined, made_state(64, 4, 2, test::Values::rows));
  const auto columns = cut_state(made_state(70, 4, 2), 16, 0, 1);
  ASSERT_TRUE(columns);
  EXPECT_FALSE(join_state(std::vector<std::string_view>{blocks->front(), columns->front()}, 4));
}

TEST(KvState, KeepsWhereEachCellStands) {
  const auto made = [](std::uint32_t cells, std::uint32_t first = 0) {
    return made_state(cells, 4, 2, test::Values::columns, first, test::Places::each_cell);
  };
  const auto blocks = cut_state(made(70), 16, 0, 4);
  ASSERT_TRUE(blocks) << blocks.error().message;
  const auto joined = join_state(std::vector<std::string_view>(blocks->begin(), blocks->end()), 4);
  ASSERT_TRUE(joined);
  EXPECT_EQ(*joined, made(64));
  const auto later = cut_state(made(38, 32), 16, 32, 2);
  ASSERT_TRUE(later);
  EXPECT_EQ((*later)[0], (*blocks)[2]);
  const auto plain = cut_state(made_state(16, 4, 2), 16, 0, 1);
  ASSERT_TRUE(plain);
  EXPECT_FALSE(join_state(std::vector<std::string_view>{plain->front(), (*blocks)[1]}, 4));
  for (std::size_t size = 0; size < blocks->front().size(); size += 5)
    EXPECT_FALSE(join_state(std::vector{std::string_view(blocks->front()).substr(0, size)}, 4)) << size;
}

TEST(KvState, RefusesWhatItDoesNotKnow) {
  const auto state = made_state(32, 2, 1);
  EXPECT_FALSE(cut_state(state, 16, 0, 3)) << "more than there is";
  EXPECT_FALSE(cut_state({}, 16, 0, 1));
  for (std::size_t size = 0; size < state.size(); size += 7)
    EXPECT_FALSE(cut_state(std::string_view(state).substr(0, size), 16, 0, 1));
  auto other = state;
  other[0] = 'x';
  EXPECT_FALSE(cut_state(other, 16, 0, 1));
  auto moved = state;  // the first position is 1
  const std::int32_t one = 1;
  std::memcpy(moved.data() + 8 + 8, &one, sizeof one);
  EXPECT_FALSE(cut_state(moved, 16, 0, 1));
}

TEST(KvState, BlocksOfDifferentModelsAreNotJoined) {
  const auto a = cut_state(made_state(16, 1, 1), 16, 0, 1);
  const auto b = cut_state(made_state(16, 1, 2), 16, 0, 1);
  ASSERT_TRUE(a && b);
  EXPECT_FALSE(join_state(std::vector<std::string_view>{a->front(), b->front()}, 4));
  EXPECT_FALSE(join_state({}, 4));
  for (std::size_t size = 0; size < a->front().size(); size += 5)
    EXPECT_FALSE(join_state(std::vector<std::string_view>{std::string_view(a->front()).substr(0, size)}, 4));
}

}  // namespace
}  // namespace bastide::models::local
