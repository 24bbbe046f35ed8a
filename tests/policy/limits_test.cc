#include "policy/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bastide::policy {
namespace {

using testing::HasSubstr;

class FakeLog final : public UsageLog {
 public:
  Word word(std::string_view text) override {
    if (text.empty()) return 0;
    texts.emplace_back(text);
    return static_cast<Word>(texts.size());
  }
  UsageWriter& writer() override { return the_writer; }
  [[nodiscard]] bool full() const override { return is_full; }
  Result<std::vector<Spent>> spent(UnixMillis) override { return std::vector<Spent>{}; }
  [[nodiscard]] std::string text(Word word) const { return word ? texts[word - 1] : std::string(); }
  [[nodiscard]] std::uint64_t count() const { return ends.head; }

  static constexpr std::size_t capacity = 16;
  std::array<UsageRow, capacity> rows;
  UsageWriter::Ends ends;
  UsageWriter the_writer{ends, rows.data(), capacity, 7, 3};
  std::vector<std::string> texts;
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
                     std::vector<Spent>{}, now, Accounts::EnergyOf{}, &log);
    limiter.emplace(*accounts, log, labels, [this] { return now; });
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
  Labels labels{default_config()};
  FakeLog log;
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
  exchange.admitted = true;
  const auto cost = limiter->settle(exchange);
  EXPECT_DOUBLE_EQ(cost.amount, 0.7);
  EXPECT_TRUE(cost.known);
  EXPECT_FALSE(cost.estimated);
  ASSERT_EQ(log.count(), 1U);
  const auto& row = log.rows[0];
  EXPECT_TRUE(row.is_whole());
  EXPECT_EQ(row.exchange_id(), "e1");
  EXPECT_EQ(row.at_ms, noon);
  EXPECT_EQ(log.text(row.person), "ada");
  EXPECT_EQ(log.text(row.model), "dear");
  EXPECT_EQ(row.nano_money, 700'000'000);
  EXPECT_EQ(row.input, 7U);
  EXPECT_FALSE(limiter->settle(exchange).known) << "once";
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].spent, 700'000'000);
  EXPECT_EQ(log.count(), 1U);
  exchange.id = "e2";
  ASSERT_TRUE(limiter->admit(exchange, 5)) << "a spent budget stops the dear model, not the free one";
  EXPECT_FALSE(limiter->choose(exchange, dear, 4, 1));
  EXPECT_TRUE(limiter->choose(exchange, own, 4, 1));
}

TEST_F(LimiterTest, TwoModelsAtOnceAreBothReservedAndBothPaid) {
  ModelCard other = dear;
  other.id = "dear too";
  ASSERT_TRUE(limiter->admit(exchange, 5));
  ASSERT_TRUE(limiter->choose(exchange, dear, 5, 1));
  EXPECT_EQ(limiter->choose_beside(exchange, other, 4, 1).error().detail, "budget_reserved");
  ASSERT_TRUE(limiter->choose_beside(exchange, other, 3, 1));
  EXPECT_EQ(limiter->choose_beside(exchange, other, 0, 0).error().detail, "not_admitted") << "once";
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 1'000'000'000);

  exchange.admitted = true;
  answered(other, 4);
  exchange.hedge = exchange::Hedge{dear, other, Millis(800), dear, {}};
  exchange.hedge->lost_usage.input_tokens = 2;
  exchange.hedge->lost_usage.estimated = true;
  const auto cost = limiter->settle(exchange);
  EXPECT_DOUBLE_EQ(cost.amount, 0.6);
  EXPECT_TRUE(cost.estimated);
  const auto budget = accounts->budgets("person:ada", now)[0];
  EXPECT_EQ(budget.spent, 600'000'000);
  EXPECT_EQ(budget.reserved, 0);

  ASSERT_EQ(log.count(), 2U);
  const auto& won = log.rows[0];
  const auto& lost = log.rows[1];
  EXPECT_EQ(log.text(won.model), "dear too");
  EXPECT_EQ(log.text(won.reason), "hedged");
  EXPECT_EQ(won.error, 0U);
  EXPECT_EQ(log.text(lost.model), "dear");
  EXPECT_EQ(log.text(lost.error), hedge_lost);
  EXPECT_EQ(lost.status, 499);
  EXPECT_EQ(lost.exchange_id(), won.exchange_id());
  EXPECT_EQ(lost.nano_money, 200'000'000);
  EXPECT_NE(lost.flags & usage_flag::tokens_estimated, 0);
  EXPECT_EQ(won.amounts().nano_money + lost.amounts().nano_money, budget.spent) << "a restart finds the same";
}

TEST_F(LimiterTest, WhatIsHeldForAModelThatFailedIsGivenBack) {
  ModelCard other = dear;
  other.id = "dear too";
  ASSERT_TRUE(limiter->admit(exchange, 5));
  ASSERT_TRUE(limiter->choose(exchange, dear, 4, 1));
  ASSERT_TRUE(limiter->choose_beside(exchange, other, 4, 1));
  exchange.admitted = true;
  answered(dear, 3);
  exchange.hedge = exchange::Hedge{dear, other, Millis(800), {}, {}};  // `other` failed
  EXPECT_DOUBLE_EQ(limiter->settle(exchange).amount, 0.3);
  EXPECT_EQ(log.count(), 1U);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 0);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].spent, 300'000'000);
}

TEST_F(LimiterTest, AnExchangeThatWasNotAdmittedIsNotCounted) {
  answered(dear, 7);
  EXPECT_FALSE(limiter->settle(exchange).known);
  EXPECT_EQ(limiter->choose(exchange, dear, 1, 1).error().code, Code::internal);
  ASSERT_EQ(log.count(), 1U) << "it has its row";
  EXPECT_EQ(log.rows[0].model, 0U);
  EXPECT_EQ(log.rows[0].nano_money, 0);
}

TEST_F(LimiterTest, AnExchangeWithoutAnAnswerCostsNothing) {
  ASSERT_TRUE(limiter->admit(exchange, 5));
  ASSERT_TRUE(limiter->choose(exchange, dear, 9, 1));
  EXPECT_FALSE(limiter->settle(exchange).known);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 0);
}

TEST_F(LimiterTest, NothingIsSpentThatCannotBeStored) {
  log.is_full = true;
  EXPECT_EQ(limiter->admit(exchange, 5).error().code, Code::unavailable);
}

}  // namespace
}  // namespace bastide::policy
