#include "policy/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace bastide::policy {
namespace {

using testing::HasSubstr;

class FakeLedger final : public Ledger {
 public:
  Result<std::vector<Spent>> load(const std::string&) override { return stored; }
  void add(Spend spend) override {
    const std::lock_guard lock(mutex);
    added.push_back(std::move(spend));
  }
  [[nodiscard]] bool full() const override { return is_full; }

  std::mutex mutex;
  std::vector<Spent> stored;
  std::vector<Spend> added;
  bool is_full = false;
};

class LimiterTest : public testing::Test {
 protected:
  static constexpr std::int64_t unit_tokens = 1'000'000;  // costs 1

  void start() {
    Clock clock;
    clock.steady = [this] { return steady; };
    clock.wall = [this] { return wall; };
    limiter = std::move(*Limiter::open(config, ledger, std::move(clock)));
  }
  void SetUp() override {
    config = default_config();
    config.limits = {.requests_per_minute = 1'000'000, .tokens_per_minute = 1'000'000'000'000};
    ModelConfig model;
    model.id = "dear";
    model.price = PriceConfig{1.0, 1.0, {}};
    config.models.push_back(model);
  }
  static identity::Principal person(std::string id) {
    identity::Principal who;
    who.person = std::move(id);
    return who;
  }
  static exchange::Usage used(std::int64_t tokens) { return {.input_tokens = tokens}; }

  Config config;
  FakeLedger ledger;
  Steady::time_point steady = Steady::now();
  UnixMillis wall = 1'795'348'800'000;  // 2026-11-22T12:00:00Z
  std::unique_ptr<Limiter> limiter;
};

TEST_F(LimiterTest, CountsRequestsAMinute) {
  config.limits.requests_per_minute = 2;
  start();
  const auto ada = person("ada");
  EXPECT_TRUE(limiter->admit(ada, "1", 10));
  EXPECT_TRUE(limiter->admit(ada, "2", 10));
  auto third = limiter->admit(ada, "3", 10);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::rate_limited);
  EXPECT_EQ(third.error().retry_after_s, 30);
  EXPECT_THAT(third.error().action, HasSubstr("30 seconds"));
  EXPECT_TRUE(limiter->admit(person("bob"), "4", 10));
  steady += std::chrono::seconds(29);
  EXPECT_FALSE(limiter->admit(ada, "3", 10));
  steady += std::chrono::seconds(1);
  EXPECT_TRUE(limiter->admit(ada, "3", 10));
}

TEST_F(LimiterTest, GivesBackTokensThatWereNotUsed) {
  config.limits.tokens_per_minute = 1000;
  start();
  const auto ada = person("ada");
  ASSERT_TRUE(limiter->admit(ada, "1", 900));
  auto more = limiter->admit(ada, "2", 900);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().detail, "tokens_per_minute");
  EXPECT_EQ(more.error().retry_after_s, 48);
  limiter->settle(ada, "1", used(50), 0);
  EXPECT_TRUE(limiter->admit(ada, "2", 900));
}

TEST_F(LimiterTest, AnEstimateAboveTheMinuteIsAdmittedAloneAndThenWaitedOff) {
  config.limits.tokens_per_minute = 60;
  start();
  const auto ada = person("ada");
  ASSERT_TRUE(limiter->admit(ada, "1", 600));
  auto next = limiter->admit(ada, "2", 1);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().retry_after_s, 541);
}

TEST_F(LimiterTest, RefusesWhenTheBudgetIsUsedUp) {
  config.budget_default.month = 1.0;
  start();
  const auto ada = person("ada");
  ASSERT_TRUE(
      limiter->admit(ada, "1", unit_tokens * 5));  // a worst case above what is left, but nothing else runs
  auto beside = limiter->admit(ada, "2", 10);
  ASSERT_FALSE(beside);
  EXPECT_EQ(beside.error().detail, "budget_reserved");
  limiter->settle(ada, "1", used(10), 0.4);
  EXPECT_DOUBLE_EQ(limiter->spent("ada"), 0.4);
  ASSERT_TRUE(limiter->admit(ada, "2", 10));
  limiter->settle(ada, "2", used(10), 0.6);
  auto refused = limiter->admit(ada, "3", 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::budget_exhausted);
  EXPECT_EQ(refused.error().detail, "budget_month");
  EXPECT_THAT(refused.error().message, HasSubstr("1.00"));
  EXPECT_THAT(refused.error().action, HasSubstr("2026-12-01"));
  EXPECT_EQ(refused.error().retry_after_s, 8 * 86400 + 12 * 3600);
  EXPECT_TRUE(limiter->admit(person("bob"), "4", 10));
  wall += (8 * 86400 + 12 * 3600) * 1000LL;  // December
  EXPECT_TRUE(limiter->admit(ada, "3", 10));
  limiter->settle(ada, "3", used(10), 0.1);
  EXPECT_DOUBLE_EQ(limiter->spent("ada"), 0.1);
  ASSERT_EQ(ledger.added.size(), 3U);
  EXPECT_EQ(ledger.added[2].month, "2026-12");
}

TEST_F(LimiterTest, GoesOnFromWhatTheLedgerHolds) {
  config.budget_default.month = 10.0;
  ledger.stored = {{"person:ada", 10.0}, {"person:bob", 3.0}};
  start();
  EXPECT_FALSE(limiter->admit(person("ada"), "1", 10));
  EXPECT_TRUE(limiter->admit(person("bob"), "2", 10));
  ledger.is_full = true;
  EXPECT_EQ(limiter->admit(person("bob"), "3", 10).error().code, Code::unavailable);
}

TEST_F(LimiterTest, SharedBudgetsHoldForAGroupAndAKey) {
  start();
  limiter->set_shared({{"group:finance", 1.0}, {"key:k1", 0.5}});
  auto ada = person("ada");
  ada.groups = {"all", "finance"};
  auto bob = person("bob");
  bob.groups = {"finance"};
  ASSERT_TRUE(limiter->admit(ada, "1", 10));
  limiter->settle(ada, "1", used(10), 1.0);
  EXPECT_THAT(limiter->admit(bob, "2", 10).error().message, HasSubstr("group"));
  auto eve = person("eve");
  EXPECT_TRUE(limiter->admit(eve, "3", 10));
  eve.key = "k1";
  ASSERT_TRUE(limiter->admit(eve, "4", 10));
  limiter->settle(eve, "4", used(10), 0.5);
  EXPECT_FALSE(limiter->admit(eve, "5", 10));
}

TEST_F(LimiterTest, AThousandAtOnceSpendNoMoreThanTheBudget) {
  config.budget_default.month = 10.0;
  start();
  const auto ada = person("ada");
  std::atomic<int> admitted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 125; ++i) {
        const auto id = std::to_string(t * 1000 + i);
        if (!limiter->admit(ada, id, unit_tokens)) continue;
        ++admitted;
        std::this_thread::yield();
        limiter->settle(ada, id, used(unit_tokens), 1.0);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 10);
  EXPECT_NEAR(limiter->spent("ada"), 10.0, 1e-9);
}

TEST_F(LimiterTest, AThousandThatRunAtOnceReserveNoMoreThanTheBudget) {
  config.budget_default.month = 10.0;
  start();
  const auto ada = person("ada");
  std::atomic<int> admitted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 125; ++i)
        if (limiter->admit(ada, std::to_string(t * 1000 + i), unit_tokens)) ++admitted;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 10);
}

TEST_F(LimiterTest, SettlesOnceAndIgnoresWhatWasNeverAdmitted) {
  config.budget_default.month = 10.0;
  start();
  const auto ada = person("ada");
  limiter->settle(ada, "unknown", used(10), 5.0);
  ASSERT_TRUE(limiter->admit(ada, "1", 10));
  limiter->settle(ada, "1", used(10), 2.0);
  limiter->settle(ada, "1", used(10), 2.0);
  EXPECT_DOUBLE_EQ(limiter->spent("ada"), 2.0);
  EXPECT_EQ(ledger.added.size(), 1U);
}

TEST_F(LimiterTest, ForgetsPeopleWhoAreIdle) {
  start();
  for (int i = 0; i < 1000; ++i) {
    const auto id = std::to_string(i);
    ASSERT_TRUE(limiter->admit(person(id), id, 10));
    limiter->settle(person(id), id, used(10), 0);
  }
  EXPECT_EQ(limiter->held(), 1000U);
  steady += std::chrono::minutes(3);
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(limiter->admit(person("p" + std::to_string(i)), "x" + std::to_string(i), 10));
  EXPECT_EQ(limiter->held(), 1000U);
}

TEST(NextMonth, IsCountedInUtc) {
  EXPECT_EQ(seconds_to_next_month(1'798'761'599'000), 1);           // 2026-12-31T23:59:59Z
  EXPECT_EQ(seconds_to_next_month(1'798'761'600'000), 31 * 86400);  // 2027-01-01T00:00:00Z
}

}  // namespace
}  // namespace bastide::policy
