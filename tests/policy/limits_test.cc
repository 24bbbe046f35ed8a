#include "policy/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bastide::policy {
namespace {

using testing::HasSubstr;

class FakeLedger final : public Ledger {
 public:
  Result<std::vector<MonthSpent>> load(const std::string&) override { return std::vector<MonthSpent>{}; }
  void add(Spend spend) override { added.push_back(std::move(spend)); }
  [[nodiscard]] bool full() const override { return is_full; }

  std::vector<Spend> added;
  bool is_full = false;
};

class LimiterTest : public testing::Test {
 protected:
  static constexpr UnixMillis noon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z

  void SetUp() override {
    config = default_config();
    config.budget_default.money.month = 1;
    ModelConfig model;
    model.id = "dear";
    model.prices = {PriceConfig{.input = 1e5, .output = 1e5}};  // 0.1 a token
    config.models.push_back(model);
    accounts.emplace(config, rules_of(config, [](const OwnerConfig&) { return std::string(); }),
                     std::vector<Spent>{}, now);
    limiter.emplace(*accounts, ledger, [this] { return now; });
    dear.id = "dear";
    dear.zone = "eu";
    own.id = "own";
    own.zone = "walls";
    exchange.id = "e1";
    exchange.who.person = "ada";
  }
  void answered(const ModelCard& model, std::int64_t tokens) {
    exchange.model = model;
    exchange.first_token_us = 1;
    exchange.usage.input_tokens = tokens;
  }

  Config config;
  FakeLedger ledger;
  Moment now{Steady::now(), noon};
  std::optional<Accounts> accounts;
  std::optional<Limiter> limiter;
  ModelCard dear, own;
  exchange::Exchange exchange;
};

TEST_F(LimiterTest, ReservesMoneyWhenTheModelIsKnownAndSettlesWhatItTook) {
  ASSERT_TRUE(limiter->admit(exchange, 5));
  EXPECT_EQ(limiter->choose(exchange, dear, 10, 1).error().detail, "budget_bound");
  EXPECT_TRUE(limiter->choose(exchange, own, 10, 1)) << "a free model needs no budget";
  ASSERT_TRUE(limiter->choose(exchange, dear, 9, 1));
  answered(dear, 7);
  const auto cost = limiter->settle(exchange);
  EXPECT_DOUBLE_EQ(cost.amount, 0.7);
  EXPECT_TRUE(cost.known);
  EXPECT_FALSE(cost.estimated);
  ASSERT_EQ(ledger.added.size(), 1U);
  EXPECT_EQ(ledger.added[0].month, "2026-11");
  EXPECT_FALSE(limiter->settle(exchange).known) << "once";
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].spent, 700'000'000);
  exchange.id = "e2";
  ASSERT_TRUE(limiter->admit(exchange, 5)) << "a spent budget stops the dear model, not the free one";
  EXPECT_FALSE(limiter->choose(exchange, dear, 4, 1));
  EXPECT_TRUE(limiter->choose(exchange, own, 4, 1));
}

TEST_F(LimiterTest, AnExchangeThatWasNotAdmittedIsNotCounted) {
  answered(dear, 7);
  EXPECT_FALSE(limiter->settle(exchange).known);
  EXPECT_EQ(limiter->choose(exchange, dear, 1, 1).error().code, Code::internal);
  EXPECT_TRUE(ledger.added.empty());
}

TEST_F(LimiterTest, AnExchangeWithoutAnAnswerCostsNothing) {
  ASSERT_TRUE(limiter->admit(exchange, 5));
  ASSERT_TRUE(limiter->choose(exchange, dear, 9, 1));
  EXPECT_FALSE(limiter->settle(exchange).known);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 0);
}

TEST_F(LimiterTest, NothingIsSpentThatCannotBeStored) {
  ledger.is_full = true;
  EXPECT_EQ(limiter->admit(exchange, 5).error().code, Code::unavailable);
}

}  // namespace
}  // namespace bastide::policy
