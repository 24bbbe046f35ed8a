// Which member of a pool a call goes to.
#include <gtest/gtest.h>

#include <map>

#include "gateway/alias.h"
#include "gateway/plan.h"

namespace bastide::gateway {
namespace {

using Why = Alias::Why;

std::string conversation(char of, std::size_t bytes) { return std::string(bytes, of); }

TEST(PrefixMap, KnowsTheLongestBeginningInWholeBlocks) {
  PrefixMap map;
  const auto first = conversation('a', 2000);
  EXPECT_EQ(map.longest(first).bytes, 0U);
  map.note(first, 3);
  EXPECT_EQ(map.longest(first).member, 3U);
  EXPECT_EQ(map.longest(first).bytes, 3 * PrefixMap::block_bytes);
  EXPECT_EQ(map.longest(first + conversation('b', 5000)).bytes, 3 * PrefixMap::block_bytes);
  EXPECT_EQ(map.longest(first.substr(0, 1100) + conversation('b', 900)).bytes, 2 * PrefixMap::block_bytes);
  EXPECT_EQ(map.longest(first.substr(0, 511)).bytes, 0U) << "less than a block";
  EXPECT_EQ(map.longest("b" + first).bytes, 0U) << "another beginning";
  map.note(first + conversation('c', 1000), 5);
  EXPECT_EQ(map.longest(first).member, 5U) << "who had it last";
}

TEST(PrefixMap, StaysBoundedAndForgetsOldBeginnings) {
  PrefixMap map;
  const auto old = conversation('a', 512);
  map.note(old, 1);
  for (std::size_t i = 0; i < 4 * PrefixMap::entries; ++i)
    map.note(std::to_string(i) + conversation('x', 520), 2);
  EXPECT_EQ(map.longest(old).bytes, 0U);
  EXPECT_EQ(map.longest(conversation('z', 1 << 20)).bytes, 0U);
}

struct Pool : testing::Test {
  Alias alias{{{"left", nullptr, 3}, {"right", nullptr, 1}}};
  static std::size_t share(const Alias& of, const std::string& id, int calls) {
    std::size_t count = 0;
    for (int i = 0; i < calls; ++i) count += of.choose(std::to_string(i)).member->id == id;
    return count;
  }
};

TEST_F(Pool, TakesTurnsByWeightWhereNothingElseDecides) {
  EXPECT_EQ(share(alias, "left", 400), 300U);
  EXPECT_EQ(alias.choose("").why, Why::turn);
}

TEST_F(Pool, StaysWithWhoHasTheBeginning) {
  const auto begun = conversation('q', 1024);
  const auto holder = alias.choose(begun).member->id;
  for (int i = 0; i < 64; ++i) {
    const auto choice = alias.choose(begun + std::to_string(i));
    EXPECT_EQ(choice.member->id, holder);
    EXPECT_EQ(choice.why, Why::prefix);
    EXPECT_EQ(choice.prefix_bytes, 1024U);
  }
}

TEST_F(Pool, LeavesWhoHasTheBeginningWhenItHasFarMoreToDo) {
  Alias pool{{{"one", nullptr, 1}, {"two", nullptr, 1}}};
  const auto begun = conversation('q', 1024);
  std::vector<Alias::Place> running;
  std::map<std::string, int> count;
  for (int i = 0; i < 15; ++i) {
    auto choice = pool.choose(begun);
    ++count[choice.member->id];
    running.push_back(std::move(choice.place));
  }
  EXPECT_EQ(count.size(), 2U) << "one holds the beginning, but both work";
  for (const auto& [id, calls] : count) EXPECT_GE(calls, 4) << id;
}

TEST_F(Pool, GivesToTheLeastBusyForItsWeight) {
  std::vector<Alias::Place> running;
  std::map<std::string, int> count;
  for (int i = 0; i < 15; ++i) {
    auto choice = alias.choose(std::to_string(i));
    ++count[choice.member->id];
    running.push_back(std::move(choice.place));
  }
  EXPECT_NEAR(count["left"], 11, 1);
  running.clear();  // all have ended
  EXPECT_NE(alias.choose("x").member, nullptr);
}

TEST_F(Pool, GivesNothingToADrainedMemberWhileThereAreOthers) {
  const Alias drained{{{"left", nullptr, 1}, {"right", nullptr, 0}}};
  EXPECT_EQ(share(drained, "right", 200), 0U);
  const Alias all{{{"left", nullptr, 0}, {"right", nullptr, 0}}};
  EXPECT_EQ(share(all, "right", 200), 100U) << "somebody has to answer";
}

TEST(SlowStart, AShareThatGrows) {
  Health health;
  const auto now = Steady::now();
  EXPECT_TRUE(health.takes_share(now, 1));
  for (int i = 0; i < Health::failures_max; ++i) health.failed(now);
  health.succeeded();
  const auto share = [&](Millis after) {
    int taken = 0;
    for (std::uint32_t turn = 0; turn < 1000; ++turn)
      taken += health.takes_share(Steady::now() + after, turn);
    return taken;
  };
  EXPECT_LT(share(Millis(0)), 50);
  EXPECT_NEAR(share(Health::slow_start / 2), 500, 50);
  EXPECT_EQ(share(Health::slow_start), 1000);
}

}  // namespace
}  // namespace bastide::gateway
