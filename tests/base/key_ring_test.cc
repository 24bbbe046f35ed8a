#include "base/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace bastide {
namespace {

using Urgency = KeyRing::Urgency;

ProviderConfig provider(const std::vector<std::pair<std::string, int>>& keys) {
  ProviderConfig out;
  out.id = "cloud";
  for (const auto& [secret, weight] : keys)
    out.keys.push_back({Secret{secret}, "NAME_" + secret, {}, weight});
  return out;
}

TEST(KeyRing, SharesCallsOutByWeightAndEvenly) {
  KeyRests rests;
  KeyRing ring(provider({{"a", 3}, {"b", 1}}));
  const auto now = Steady::now();
  std::string order;
  for (int i = 0; i < 8; ++i) order += *ring.pick(rests, Urgency::others_may_answer, now)->secret;
  EXPECT_EQ(std::ranges::count(order, 'b'), 2);
  EXPECT_EQ(order.find("bb"), std::string::npos) << order;
}

TEST(KeyRing, AProviderWithoutAKeyHasAnEmptyOne) {
  KeyRests rests;
  KeyRing ring(provider({}));
  EXPECT_EQ(*ring.pick(rests, Urgency::others_may_answer, Steady::now())->secret, "");
}

TEST(KeyRing, ARefusedKeyRestsIsToldOnceAndTriedByOneCallAMinute) {
  KeyRests rests;
  KeyRing ring(provider({{"a", 1}, {"b", 1}}));
  auto now = Steady::now();
  ring.refused(0, now);
  ring.refused(0, now);
  const auto alerts = ring.take_alerts();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].provider, "cloud");
  EXPECT_EQ(alerts[0].key, "NAME_a") << "its name, never the key";
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.pick(rests, Urgency::nobody_else, now)->index, 1U);
  ring.refused(1, now);
  EXPECT_EQ(ring.refused_count(), 2U);
  EXPECT_FALSE(ring.pick(rests, Urgency::others_may_answer, now)) << "asking again helps nobody";
  EXPECT_EQ(ring.why_none(rests, now).detail, "provider_key");
  now += KeyRing::refused_pause;
  EXPECT_TRUE(ring.pick(rests, Urgency::others_may_answer, now));
  EXPECT_TRUE(ring.pick(rests, Urgency::others_may_answer, now)) << "the other key's trial";
  EXPECT_FALSE(ring.pick(rests, Urgency::others_may_answer, now)) << "one trial a pause each";
  ring.accepted(0);
  EXPECT_EQ(ring.pick(rests, Urgency::others_may_answer, now)->index, 0U);
}

TEST(KeyRing, ALimitedKeyRestsAsLongAsTheProviderSays) {
  KeyRests rests;
  KeyRing ring(provider({{"a", 1}}));
  auto now = Steady::now();
  rests.limited(0, Millis(5'000), now);
  EXPECT_FALSE(ring.pick(rests, Urgency::others_may_answer, now));
  EXPECT_TRUE(ring.pick(rests, Urgency::nobody_else, now)) << "the provider may say so itself";
  const auto why = ring.why_none(rests, now);
  EXPECT_EQ(why.detail, "provider_busy");
  EXPECT_EQ(why.retry_after_s, 5);
  EXPECT_TRUE(ring.pick(KeyRests(), Urgency::others_may_answer, now)) << "another model's calls go on";
  now += Millis(5'000);
  EXPECT_TRUE(ring.pick(rests, Urgency::others_may_answer, now));
  rests.limited(0, std::nullopt, now);
  EXPECT_FALSE(ring.pick(rests, Urgency::others_may_answer, now)) << "others first, for a moment";
  KeyRests both;
  KeyRing two(provider({{"a", 1}, {"b", 1}}));
  both.limited(0, Millis(5'000), now);
  both.limited(1, Millis(2'000), now);
  EXPECT_EQ(two.pick(both, Urgency::nobody_else, now)->index, 1U) << "the one that rests no longer soonest";
  EXPECT_TRUE(ring.take_alerts().empty()) << "nothing that an administrator must do";
}

TEST(KeyRing, FollowsItsFile) {
  const auto file =
      (std::filesystem::temp_directory_path() / ("bastide_key_ring_" + std::to_string(::getpid()))).string();
  const auto write = [&](std::string_view text) {
    std::ofstream(file + ".new") << text;
    std::filesystem::rename(file + ".new", file);
  };
  write("one\n");
  ProviderConfig config;
  config.id = "cloud";
  config.keys.push_back({Secret{"one"}, file, file, 1});
  KeyRests rests;
  KeyRing ring(config);
  ring.follow_files();
  const auto now = Steady::now();
  ring.refused(0, now);
  write("two\n");
  ring.follow_files();
  auto pick = ring.pick(rests, Urgency::others_may_answer, now);
  ASSERT_TRUE(pick) << "a new key starts anew";
  EXPECT_EQ(*pick->secret, "two");
  (void)ring.take_alerts();
  for (const auto* unusable : {"", "three\r\nX-Injected: yes"}) {
    write(unusable);
    ring.follow_files();
    EXPECT_EQ(*ring.pick(rests, Urgency::others_may_answer, now)->secret, "two") << "what is known stays";
  }
  EXPECT_EQ(ring.take_alerts().size(), 1U);
  std::filesystem::remove(file);
}

TEST(RetryAfter, IsSecondsOrATime) {
  EXPECT_EQ(retry_after_of("3", 0), Millis(3'000));
  EXPECT_EQ(retry_after_of(" 0.5 ", 0), Millis(500));
  EXPECT_EQ(retry_after_of("Sun, 22 Nov 2026 12:00:10 GMT", 1'795'348'800'000), Millis(10'000));
  EXPECT_EQ(retry_after_of("Sun, 22 Nov 2026 11:00:00 GMT", 1'795'348'800'000), Millis(0));
  EXPECT_FALSE(retry_after_of("soon", 0));
  EXPECT_FALSE(retry_after_of("", 0));
  EXPECT_FALSE(retry_after_of("-1", 0));
}

}  // namespace
}  // namespace bastide
