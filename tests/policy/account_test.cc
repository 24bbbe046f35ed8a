#include "policy/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "policy/accounts.h"

namespace bastide::policy {
namespace {

using testing::HasSubstr;

constexpr std::int64_t one = 1'000'000'000;     // of the currency
constexpr UnixMillis noon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z, a Sunday
constexpr UnixMillis hour_ms = 3'600'000;

std::string scope_of(const OwnerConfig& owner) {
  switch (owner.of) {
    case OwnerConfig::Of::person:
      return "person:" + owner.name;
    case OwnerConfig::Of::group:
      return "group:" + owner.name;
    case OwnerConfig::Of::key:
      return "key:" + owner.name;
    case OwnerConfig::Of::assistant:
      return "assistant:" + owner.name;
    case OwnerConfig::Of::model:
      return "model:" + owner.name;
    case OwnerConfig::Of::organisation:
      return "organisation";
  }
  return {};
}

class AccountTest : public testing::Test {
 protected:
  void SetUp() override {
    config = default_config();
    config.limits = {1'000'000, 1'000'000'000'000, 0};
  }
  void start(std::vector<Spent> spent = {}) {
    accounts.emplace(config, rules_of(config, scope_of), spent, now);
  }
  SharedBudgetConfig& budget(OwnerConfig::Of of, std::string name) {
    config.budgets.push_back({{of, std::move(name)}, {}});
    return config.budgets.back();
  }
  std::shared_ptr<Account> of(std::string person) {
    identity::Principal who;
    who.person = std::move(person);
    return accounts->account(who, {}, now);
  }
  static ModelCard card(std::string id, std::string zone = "eu") {
    ModelCard out;
    out.id = std::move(id);
    out.zone = std::move(zone);
    return out;
  }
  /// A call that costs `money` and nothing else.
  Result<Reservation> admit(Account& account, std::int64_t money) {
    return account.admit({.nano_money = money, .requests = 1}, now);
  }
  bool spend(Account& account, std::int64_t money) {
    auto held = admit(account, money);
    if (held) account.settle(*held, {.nano_money = money, .requests = 1}, now);
    return held.has_value();
  }

  Config config;
  Moment now{Steady::now(), noon};
  std::optional<Accounts> accounts;
};

TEST_F(AccountTest, CountsRequestsAMinute) {
  config.limits.requests_per_minute = 2;
  start();
  auto ada = of("ada");
  EXPECT_TRUE(spend(*ada, 0));
  EXPECT_EQ(ada->rate_state(now).remaining_requests, 1);
  EXPECT_EQ(ada->rate_state(now).limit_requests, 2);
  EXPECT_EQ(ada->rate_state(now).reset_requests_ms, 30'000);
  EXPECT_TRUE(spend(*ada, 0));
  auto third = admit(*ada, 0);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::rate_limited);
  EXPECT_EQ(third.error().detail, "requests_per_minute");
  EXPECT_EQ(third.error().retry_after_s, 30);
  EXPECT_TRUE(spend(*of("bob"), 0));
  now.steady += std::chrono::seconds(29);
  EXPECT_FALSE(spend(*ada, 0));
  now.steady += std::chrono::seconds(1);
  EXPECT_TRUE(spend(*ada, 0));
}

TEST_F(AccountTest, GivesBackTokensThatWereNotUsed) {
  config.limits.tokens_per_minute = 1000;
  start();
  auto ada = of("ada");
  auto first = ada->admit({.tokens = 900, .requests = 1}, now);
  ASSERT_TRUE(first);
  auto more = ada->admit({.tokens = 900, .requests = 1}, now);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().detail, "tokens_per_minute");
  EXPECT_EQ(more.error().retry_after_s, 48);
  ada->settle(*first, {.tokens = 50, .requests = 1}, now);
  EXPECT_TRUE(ada->admit({.tokens = 900, .requests = 1}, now));
}

TEST_F(AccountTest, CountsCallsThatRunAtOnce) {
  config.limits.concurrent = 2;
  start();
  auto ada = of("ada");
  auto first = admit(*ada, 0);
  auto second = admit(*ada, 0);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(admit(*ada, 0).error().detail, "concurrent");
  ada->settle(*first, {}, now);
  ada->settle(*first, {}, now);  // once
  EXPECT_TRUE(admit(*ada, 0));
  EXPECT_FALSE(admit(*ada, 0));
}

TEST_F(AccountTest, ABudgetIsNeverPassed) {
  config.budget_default.money.month = 1;
  start();
  auto ada = of("ada");
  EXPECT_EQ(admit(*ada, one * 2).error().detail, "budget_bound");
  auto running = admit(*ada, one);
  ASSERT_TRUE(running);
  auto beside = admit(*ada, 1);
  EXPECT_EQ(beside.error().detail, "budget_reserved");
  EXPECT_EQ(beside.error().retry_after_s, 1);
  ada->settle(*running, {.nano_money = one * 4 / 10, .requests = 1}, now);
  EXPECT_TRUE(spend(*ada, one * 6 / 10));
  auto refused = admit(*ada, 1);
  EXPECT_EQ(refused.error().code, Code::budget_exhausted);
  EXPECT_EQ(refused.error().detail, "budget_month");
  EXPECT_THAT(refused.error().message, HasSubstr("1.00"));
  EXPECT_THAT(refused.error().action, HasSubstr("2026-12-01"));
  EXPECT_EQ(refused.error().retry_after_s, 8 * 86400 + 12 * 3600);
  EXPECT_TRUE(spend(*ada, 0)) << "what costs nothing needs no budget";
  now.wall += (8 * 24 + 12) * hour_ms;  // December
  EXPECT_TRUE(spend(*ada, one));
}

TEST_F(AccountTest, DaysWeeksAndMonthsOfEveryUnit) {
  config.budget_default.money.day = 1;
  config.budget_default.tokens.week = 100;
  config.budget_default.requests.month = 5;
  config.budget_default.energy.day = 0.5;
  start();
  auto ada = of("ada");
  const auto call = [&](Amounts amounts) {
    amounts.requests = 1;
    auto held = ada->admit(amounts, now);
    if (held) ada->settle(*held, amounts, now);
    return held ? std::string() : held.error().detail;
  };
  EXPECT_EQ(call({.nano_money = one, .tokens = 60}), "");
  EXPECT_EQ(call({.nano_money = 1}), "budget_day");
  EXPECT_EQ(call({.tokens = 50}), "budget_bound");
  EXPECT_EQ(call({.micro_wh = 400'000}), "");
  EXPECT_EQ(call({.micro_wh = 200'000}), "budget_bound");
  now.wall += 12 * hour_ms;  // Monday
  EXPECT_EQ(call({.nano_money = one, .tokens = 100, .micro_wh = 500'000}), "");
  EXPECT_EQ(call({.tokens = 1}), "budget_week");
  EXPECT_EQ(call({}), "");
  EXPECT_EQ(call({}), "");
  EXPECT_EQ(call({}), "budget_month");
}

TEST_F(AccountTest, AllPursesPayOrNone) {
  config.budget_default.money.month = 10;
  budget(OwnerConfig::Of::group, "finance").budget.money.month = 1;
  start();
  identity::Principal who;
  who.person = "ada";
  who.groups = {"finance"};
  auto ada = accounts->account(who, {}, now);
  ASSERT_TRUE(spend(*ada, one));
  auto refused = admit(*ada, one);
  EXPECT_THAT(refused.error().message, HasSubstr("group"));
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].spent, one);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 0);
  EXPECT_TRUE(spend(*of("bob"), one * 10));
}

TEST_F(AccountTest, KeysAssistantsPersonsAndTheOrganisationPay) {
  budget(OwnerConfig::Of::key, "k1").budget.money.month = 1;
  budget(OwnerConfig::Of::assistant, "a1").budget.money.month = 2;
  budget(OwnerConfig::Of::person, "eve").budget.money.month = 3;
  budget(OwnerConfig::Of::organisation, "").budget.money.month = 5;
  start();
  identity::Principal who;
  who.person = "ada";
  who.key = "k1";
  EXPECT_TRUE(spend(*accounts->account(who, {}, now), one));
  EXPECT_THAT(admit(*accounts->account(who, {}, now), 1).error().message, HasSubstr("key"));
  who.key = "";
  EXPECT_TRUE(spend(*accounts->account(who, "a1", now), 2 * one));
  EXPECT_THAT(admit(*accounts->account(who, "a1", now), 1).error().message, HasSubstr("assistant"));
  EXPECT_EQ(admit(*of("eve"), 4 * one).error().detail, "budget_bound");
  EXPECT_TRUE(spend(*of("bob"), 2 * one));
  EXPECT_THAT(admit(*of("ada"), 1).error().message, HasSubstr("organisation"));
}

TEST_F(AccountTest, MoneyIsReservedForTheModelThatIsChosen) {
  config.budget_default.money.month = 1;
  config.models.resize(2);
  config.models[0].id = "dear";
  config.models[1].id = "cheap";
  config.models[0].prices = {PriceConfig{.input = 1e6, .output = 1e6}};  // 1 a token
  config.models[1].prices = {PriceConfig{.input = 1e5, .output = 1e5}};
  budget(OwnerConfig::Of::model, "cheap").budget.requests.day = 1;
  start({{"person:ada", {Amounts{}, Amounts{}, Amounts{.nano_money = one / 2}}}});
  auto ada = of("ada");
  const auto& dear = accounts->model(card("dear"), now);
  const auto& cheap = accounts->model(card("cheap"), now);
  const auto& local = accounts->model(card("own", "walls"), now);
  auto call = ada->admit({.tokens = 2, .requests = 1}, now);
  ASSERT_TRUE(call);
  EXPECT_EQ(ada->choose(*call, dear, dear.bound(1, 1, noon), now).error().detail, "budget_bound");
  ASSERT_TRUE(ada->choose(*call, cheap, cheap.bound(1, 1, noon), now));
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, one / 5);
  ASSERT_TRUE(ada->choose(*call, local, local.bound(1, 1, noon), now)) << "a failover changes who is paid";
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 0);
  EXPECT_EQ(accounts->budgets("model:cheap", now)[0].reserved, 0);
  ASSERT_TRUE(ada->choose(*call, cheap, cheap.bound(1, 1, noon), now));
  TokenClasses used;
  used.input = 1;
  ada->settle(*call, cheap.spent(used, noon), now);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].spent, one / 2 + one / 10);
  auto next = ada->admit({.tokens = 2, .requests = 1}, now, &cheap);
  EXPECT_THAT(next.error().message, HasSubstr("model"));
}

TEST_F(AccountTest, AModelWithoutAPriceIsEstimatedByTheDearestAndOwnMachinesAreFree) {
  config.models.resize(1);
  config.models[0].id = "priced";
  config.models[0].prices = {PriceConfig{.input = 3, .output = 9, .cache_write = 4}};
  start();
  TokenClasses used;
  used.input = 1'000'000;
  used.output = 1'000'000;
  const auto& unknown = accounts->model(card("unknown", "US"), now);
  EXPECT_TRUE(unknown.is_estimated(noon));
  EXPECT_EQ(unknown.spent(used, noon).nano_money, 13 * one);
  const auto& own = accounts->model(card("own", "walls"), now);
  EXPECT_FALSE(own.is_estimated(noon));
  EXPECT_EQ(own.spent(used, noon).nano_money, 0);
  EXPECT_FALSE(accounts->model(card("priced"), now).is_estimated(noon));
}

TEST_F(AccountTest, WarnsOnceAtFourFifths) {
  config.budget_default.money.month = 10;
  start({{"person:bob", {Amounts{}, Amounts{}, Amounts{.nano_money = 9 * one}}}});
  auto ada = of("ada");
  EXPECT_TRUE(spend(*ada, 7 * one));
  EXPECT_TRUE(accounts->take_warnings().empty());
  EXPECT_TRUE(spend(*ada, one));
  EXPECT_TRUE(spend(*ada, one));
  const auto warnings = accounts->take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].scope, "person:ada");
  EXPECT_EQ(warnings[0].state.spent, 8 * one);
  EXPECT_EQ(warnings[0].period_begin, noon - (21 * 24 + 12) * hour_ms);
  EXPECT_TRUE(accounts->take_warnings().empty());
  (void)of("bob");  // told again after a restart
  EXPECT_EQ(accounts->take_warnings().size(), 1U);
}

TEST_F(AccountTest, NewRulesKeepWhatWasSpentAndReserved) {
  config.budget_default.money.month = 10;
  start();
  auto ada = of("ada");
  ASSERT_TRUE(spend(*ada, 4 * one));
  auto running = admit(*ada, 3 * one);
  const auto before = accounts->generation();
  config.budget_default.money.month = 8;
  config.budget_default.tokens.day = 100;
  accounts->configure(rules_of(config, scope_of),
                      {{"person:ada", {Amounts{.tokens = 90}, Amounts{}, Amounts{.nano_money = 4 * one}}}},
                      now);
  EXPECT_NE(accounts->generation(), before);
  ada = of("ada");
  EXPECT_EQ(admit(*ada, 2 * one).error().detail, "budget_reserved");
  EXPECT_EQ(ada->admit({.tokens = 11, .requests = 1}, now).error().detail, "budget_bound");
  ada->settle(*running, {.nano_money = one, .requests = 1}, now);
  EXPECT_TRUE(spend(*ada, 3 * one));
  EXPECT_FALSE(spend(*ada, 1));
}

TEST_F(AccountTest, ACallThatEndsInTheNextMonthCountsInItsOwn) {
  config.budget_default.money.month = 1;
  start();
  auto ada = of("ada");
  auto late = admit(*ada, one);
  const auto november = now;
  now.wall += 9 * 24 * hour_ms;
  EXPECT_TRUE(spend(*ada, one / 2));
  ada->settle(*late, {.nano_money = one, .requests = 1}, now);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].spent, one / 2);
  // A loop whose clock is a moment behind reserves nothing that nobody would give back.
  auto behind = ada->admit({.nano_money = one, .requests = 1}, november);
  ASSERT_TRUE(behind);
  ada->settle(*behind, {.nano_money = one, .requests = 1}, now);
  EXPECT_EQ(accounts->budgets("person:ada", now)[0].reserved, 0);
  EXPECT_TRUE(spend(*ada, one / 2));
}

TEST_F(AccountTest, ForgetsPurseOfThoseWhoAreIdle) {
  start();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(spend(*of(std::to_string(i)), 0));
  EXPECT_EQ(accounts->held(), 1000U);
  now.steady += std::chrono::minutes(3);
  (void)of("new");
  EXPECT_EQ(accounts->held(), 1U);
}

// A thousand callers on four event loops, each call reserving twice what it takes, settled some calls later.
TEST_F(AccountTest, AThousandAtOnceOverspendNothing) {
  config.budget_default.money.month = 1000;
  budget(OwnerConfig::Of::organisation, "").budget.money.day = 10;
  budget(OwnerConfig::Of::model, "m").budget.tokens.day = 1'000'000;
  start();
  constexpr int loops = 4, callers = 250, rounds = 8;
  const auto& model = accounts->model(card("m", "walls"), now);
  std::atomic<int> settled = 0;
  std::atomic<std::int64_t> most_spent = 0;
  std::vector<std::thread> threads;
  for (int loop = 0; loop < loops; ++loop)
    threads.emplace_back([&, loop] {
      std::vector<std::pair<std::shared_ptr<Account>, Reservation>> running;
      for (int round = 0; round < rounds; ++round) {
        for (int caller = 0; caller < callers; ++caller) {
          auto account = of(std::to_string(loop * callers + caller));
          auto held = account->admit({.nano_money = one * 2, .tokens = 10, .requests = 1}, now, &model);
          if (held) running.emplace_back(std::move(account), *held);
        }
        for (auto& [account, held] : running) {
          account->settle(held, {.nano_money = one, .tokens = 3, .requests = 1}, now);
          ++settled;
          const auto spent = accounts->budgets("organisation", now)[0].spent;
          if (spent > most_spent) most_spent = spent;
        }
        running.clear();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most_spent, 10 * one);
  EXPECT_EQ(settled, 9) << "with one left, a call that may take two is refused";
  const auto state = accounts->budgets("organisation", now)[0];
  EXPECT_EQ(state.spent, settled * one);
  EXPECT_EQ(state.reserved, 0);
  EXPECT_EQ(accounts->budgets("model:m", now)[0].spent, settled * 3);
}

TEST(Calendar, TurnsAtMidnightMondayAndTheFirst) {
  const auto at = [](const char* day) { return Calendar::of(*parse_day(day)); };
  EXPECT_EQ(at("2026-11-23").in(Period::day), at("2026-11-22").in(Period::day) + 1);
  EXPECT_EQ(at("2026-11-22").in(Period::week), at("2026-11-16").in(Period::week));
  EXPECT_EQ(at("2026-11-23").in(Period::week), at("2026-11-22").in(Period::week) + 1);
  EXPECT_EQ(at("2027-01-01").in(Period::month), at("2026-12-31").in(Period::month) + 1);
  EXPECT_EQ(end_of(Period::month, *parse_day("2026-12-31")), *parse_day("2027-01-01"));
  EXPECT_EQ(begin_of(Period::week, *parse_day("2026-11-22") + 5), *parse_day("2026-11-16"));
  EXPECT_FALSE(parse_day("2026-02-29"));
  EXPECT_FALSE(parse_day("2026-2-03"));
}

TEST(Price, EveryClassHasItsOwn) {
  PriceConfig price{.input = 10, .output = 20, .cached_input = 1, .cache_write = 12, .reasoning = 30};
  price.image = 0.5;
  price.batch = 0.5;
  TokenClasses tokens;
  tokens.input = 1'000'000;
  tokens.cached_input = 500'000;
  tokens.cache_write = 250'000;
  tokens.output = 100'000;
  tokens.reasoning = 50'000;
  tokens.images = 2;
  const double whole = 0.5 * 1 + 0.25 * 12 + 0.25 * 10 + 0.05 * 30 + 0.05 * 20 + 1;
  EXPECT_EQ(cost(price, tokens), to_amount(Unit::money, whole));
  EXPECT_EQ(cost(price, tokens, Batch::yes), to_amount(Unit::money, whole / 2));
  tokens = {};
  tokens.input = 10;
  tokens.cached_input = 1000;  // more than the whole
  EXPECT_EQ(cost(price, tokens), to_amount(Unit::money, 10 * 1.0 / 1e6));
  EXPECT_EQ(cost_bound(price, 1'000'000, 1'000'000), to_amount(Unit::money, 42));
}

TEST(Price, time_and_characters_where_the_provider_bills_by_them) {
  PriceConfig price{.input = 1, .output = 2, .audio_minute = 0.6, .characters = 15};
  TokenClasses took;
  took.audio_ms = 9'000;
  EXPECT_EQ(cost(price, took), to_amount(Unit::money, 0.09));
  took = {};
  took.characters = 200;
  EXPECT_EQ(cost(price, took), to_amount(Unit::money, 0.003));
  EXPECT_EQ(cost_bound(price, 1000, 0, 60'000, 1000), to_amount(Unit::money, 0.001 + 0.6 + 0.015));
  // Nobody told such a price: the last resort, never nothing.
  std::vector<ModelConfig> models(1);
  models[0].prices = {PriceConfig{.input = 3, .output = 4}};
  EXPECT_EQ(stand_in_price(models).input, 3);
  EXPECT_GT(cost(stand_in_price(models), took), 0);
  models[0].prices.push_back(price);
  EXPECT_EQ(stand_in_price(models).audio_minute, 0.6);
}

TEST(Price, HoldsFromItsDay) {
  const std::vector<PriceConfig> prices{{.input = 2, .output = 2},
                                        {.input = 1, .output = 1, .from_ms = noon}};
  EXPECT_DOUBLE_EQ(price_at(prices, noon - 1)->input, 2);
  EXPECT_DOUBLE_EQ(price_at(prices, noon)->input, 1);
  EXPECT_EQ(price_at(std::span(prices).subspan(1), noon - 1), nullptr);
}

}  // namespace
}  // namespace bastide::policy
