#include "exchange/stages/hedging.h"

#include <gmock/gmock.h>

#include <map>

#include "../fakes.h"

namespace bastide::exchange {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Each model begins to answer after a time of its own, unless somebody stops it.
struct PacedModels final : Models {
  struct Pace {
    Millis begins{0};
    std::optional<Error> fails{};
    std::optional<dialects::Usage> counts{};  // told before it begins
  };
  struct Paced final : Completion {
    Paced(Pace its, std::stop_token told, Events says, std::string name, std::vector<std::string>& left)
        : pace(std::move(its)),
          stop(std::move(told)),
          events(std::move(says)),
          id(std::move(name)),
          gone(left) {}
    ~Paced() override { gone.push_back(id); }
    Task<Result<dialects::StreamEvent>> next() override {
      if (pace.counts) co_return dialects::UsageGiven{*std::exchange(pace.counts, std::nullopt)};
      for (; pace.begins > Millis(0); pace.begins -= Millis(5)) {
        if (stop.stop_requested()) co_return fail(Code::cancelled, "stopped");
        co_await sleep_for(Millis(5));
      }
      if (stop.stop_requested()) co_return fail(Code::cancelled, "stopped");
      if (pace.fails) co_return std::unexpected(*pace.fails);
      auto event = std::move(events.front());
      events.pop_front();
      co_return event;
    }
    Pace pace;
    std::stop_token stop;
    Events events;
    std::string id;
    std::vector<std::string>& gone;
  };
  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override { return {}; }
  Task<Result<std::unique_ptr<Completion>>> start(ModelCall call, std::stop_token stop) override {
    calls.push_back(call.model.id);
    if (on_start) on_start(call.model.id);
    co_return std::make_unique<Paced>(paces[call.model.id], std::move(stop), said({"By " + call.model.id}),
                                      call.model.id, gone);
  }
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard&, std::span<const Message>) const override {
    return 7;
  }
  Task<Result<Embeddings>> embed(std::string, std::vector<std::string>, EmbedKind, TooLong) override {
    co_return Embeddings{};
  }
  std::map<std::string, Pace> paces;
  std::vector<std::string> calls, gone;
  std::function<void(const std::string&)> on_start;
};

policy::ModelCard of_provider(std::string id, std::string zone, std::string provider) {
  auto out = card(std::move(id), std::move(zone));
  out.provider = std::move(provider);
  return out;
}

class HedgingTest : public ::testing::Test {
 protected:
  HedgingTest() {
    auto& exchange = house.exchange;
    exchange.prompt = exchange.ask.messages;
    exchange.outgoing = exchange.ask;
    exchange.label = *house.labels.find("internal");
    exchange.admitted = true;
    exchange.route.order = {of_provider("slow", "US", "cloud"), of_provider("same", "US", "cloud"),
                            of_provider("spare", "US", "other")};
    exchange.route.order.front().hedge_after_ms = 30;
    exchange.model = exchange.route.order.front();
    models.paces["slow"].begins = Millis(10'000);
  }
  Result<void> run() {
    trace = {};
    const auto stage = call_stage(house.router, models, house.knowledge, house.admission);
    return sync_wait(run_and_settle(*stage));
  }
  /// Those who lost have noticed when it returns.
  Task<Result<void>> run_and_settle(const Stage& stage) {
    auto done = co_await stage.run(house.exchange, trace);
    co_await sleep_for(Millis(15));
    co_return done;
  }
  PacedModels models;  // outlives the exchange's completion
  FakeHouse house;
  StageTrace trace;
};

TEST_F(HedgingTest, ASlowModelLosesToOneOfAnotherProvider) {
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow", "spare")) << "not to the same provider once more";
  EXPECT_EQ(house.exchange.model.id, "spare");
  ASSERT_TRUE(house.exchange.hedge);
  EXPECT_EQ(house.exchange.hedge->lost.id, "slow");
  EXPECT_EQ(house.exchange.hedge->lost_usage.input_tokens, 7);
  EXPECT_TRUE(house.exchange.hedge->lost_usage.estimated);
  EXPECT_THAT(house.admission.beside, ElementsAre("spare"));
  EXPECT_THAT(trace.reasons, Contains(HasSubstr("after 30 ms: spare was asked beside it")));
  EXPECT_THAT(trace.reasons, Contains("spare answered first; slow was cancelled."));
  EXPECT_EQ(trace.detail_json,
            R"({"hedge":{"first":"slow","second":"spare","after_ms":30,"won":"spare","cancelled":"slow"}})");
  EXPECT_EQ(house.exchange.failovers, 0);
}

TEST_F(HedgingTest, TheFirstMayStillWinAndNothingIsAskedOfOneThatIsQuick) {
  models.paces["slow"].begins = Millis(60);
  models.paces["spare"].begins = Millis(10'000);
  dialects::Usage counted;
  counted.input = 11;
  models.paces["spare"].counts = counted;
  ASSERT_TRUE(run());
  EXPECT_EQ(house.exchange.model.id, "slow");
  EXPECT_EQ(house.exchange.hedge->lost.id, "spare");
  EXPECT_EQ(house.exchange.hedge->lost_usage.input_tokens, 11) << "it told";
  EXPECT_FALSE(house.exchange.hedge->lost_usage.estimated);

  models.paces["slow"].begins = Millis(0);
  models.calls.clear();
  house.exchange.hedge.reset();
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow"));
  EXPECT_FALSE(house.exchange.hedge);
  EXPECT_EQ(trace.detail_json, "");
}

TEST_F(HedgingTest, WhoLosesIsStoppedAtOnceAndWhoWinsGoesOn) {
  bool stopped_in_time = false;
  auto stage = call_stage(house.router, models, house.knowledge, house.admission);
  const auto all = [&]() -> Task<void> {
    auto done = co_await stage->run(house.exchange, trace);
    EXPECT_TRUE(done);
    const auto won = Steady::now();
    while (models.gone.empty()) co_await sleep_for(Millis(1));
    stopped_in_time = Steady::now() - won < Millis(100);
    std::size_t events = 0;
    for (;; ++events) {
      auto event = co_await house.exchange.completion->next();
      if (!event || std::holds_alternative<dialects::End>(*event)) break;
    }
    EXPECT_GE(events, 3U) << "first words are given again";
  };
  sync_wait(all());
  EXPECT_TRUE(stopped_in_time);
  EXPECT_THAT(models.gone, ElementsAre("slow"));
}

TEST_F(HedgingTest, OnlyWhatPolicyAllowsIsAskedBeside) {
  models.paces["slow"].begins = Millis(60);
  house.exchange.label = *house.labels.find("secret");  // may not leave the walls
  house.exchange.route.order = {of_provider("slow", "walls", "own"), of_provider("spare", "US", "other")};
  house.exchange.route.order.front().hedge_after_ms = 20;
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow"));
  EXPECT_THAT(trace.reasons, ElementsAre("Not hedged: no model of another provider may stand in for it."));

  house.exchange.label = *house.labels.find("internal");  // may, but what is asked inside stays inside
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow", "slow"));
}

TEST_F(HedgingTest, AModelInsideMayBeAskedBesideOneOutsideAndGetsNoTokens) {
  house.exchange.route.order[2] = of_provider("spare", "walls", "own");
  house.exchange.restorer = std::make_unique<FakeRestorer>();
  ASSERT_TRUE(run());
  EXPECT_EQ(house.exchange.model.id, "spare");
  EXPECT_FALSE(house.exchange.restorer);
}

TEST_F(HedgingTest, WhatBudgetsCannotPayIsNotAsked) {
  models.paces["slow"].begins = Millis(60);
  house.admission.too_dear = {"spare"};
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow"));
  EXPECT_FALSE(house.exchange.hedge);
  EXPECT_THAT(trace.reasons, ElementsAre(HasSubstr("not hedged: Too dear.")));
}

TEST_F(HedgingTest, CallsThatActAndCallsOfBatchesAreNotHedged) {
  models.paces["slow"].begins = Millis(60);
  house.exchange.who.priority = identity::Priority::batch;
  ASSERT_TRUE(run());
  house.exchange.who.priority = identity::Priority::program;
  house.exchange.ask.server_tools.emplace_back();
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow", "slow"));
  EXPECT_THAT(trace.reasons, ElementsAre("Not hedged: this call is not safe to run twice."));
}

TEST_F(HedgingTest, TheCallersWordGoesBeforeTheConfigurations) {
  models.paces["slow"].begins = Millis(60);
  house.exchange.ask.hedge_after = Millis(0);
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow"));
  house.exchange.route.order.front().hedge_after_ms = 0;
  house.exchange.ask.hedge_after = Millis(10);
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow", "slow", "spare"));
}

TEST_F(HedgingTest, AModelThatFailsBeforeTheHedgeIsFailedOver) {
  models.paces["slow"] = {Millis(0), Error{Code::upstream, "It is down."}, {}};
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow", "same"));
  EXPECT_FALSE(house.exchange.hedge);
}

TEST_F(HedgingTest, WhenOneOfTwoFailsTheOtherAnswersAndWhenBothDoAThird) {
  models.paces["slow"] = {Millis(50), Error{Code::upstream, "It is down."}, {}};
  models.paces["spare"].begins = Millis(80);
  ASSERT_TRUE(run());
  EXPECT_EQ(house.exchange.model.id, "spare");
  EXPECT_EQ(house.exchange.hedge->lost.id, "") << "nobody was given up";
  EXPECT_EQ(house.exchange.failovers, 1);

  models.paces["spare"] = {Millis(10), Error{Code::upstream, "It is down too."}, {}};
  models.calls.clear();
  house.exchange.failovers = 0;
  house.exchange.hedge.reset();
  ASSERT_TRUE(run());
  EXPECT_THAT(models.calls, ElementsAre("slow", "spare", "same"));
  EXPECT_EQ(house.exchange.model.id, "same");
  EXPECT_THAT(trace.reasons, Contains("slow: It is down."));
  EXPECT_THAT(trace.reasons, Contains("spare: It is down too."));
}

TEST_F(HedgingTest, WhoLeavesEndsBoth) {
  std::stop_source left;
  house.exchange.stop = left.get_token();
  models.on_start = [&](const std::string& id) {
    if (id == "spare") left.request_stop();
  };
  models.paces["spare"].begins = Millis(10'000);
  const auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::cancelled);
}

TEST_F(HedgingTest, ATenthOfTheCallsMayBeHedged) {
  models.paces["slow"].begins = Millis(15);
  models.paces["spare"].begins = Millis(10'000);
  house.exchange.ask.hedge_after = Millis(1);
  const auto stage = call_stage(house.router, models, house.knowledge, house.admission);
  for (int i = 0; i < 20; ++i) {
    house.exchange.hedge.reset();
    trace = {};
    ASSERT_TRUE(sync_wait(run_and_settle(*stage)));
  }
  EXPECT_EQ(std::ranges::count(models.calls, "spare"), 11) << "ten saved up, and one for ten more calls";
  EXPECT_THAT(trace.reasons, Contains(HasSubstr("not hedged: too many calls were.")));
}

}  // namespace
}  // namespace bastide::exchange
