// What is no conversation: what the stages see of it, and what becomes of an answer that has begun.
#include "exchange/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exchange/fakes.h"

namespace bastide::exchange::testing {
namespace {

using ::testing::ElementsAre;

struct FakeVectors final : Work {
  Task<Result<Usage>> ask(policy::ModelCard model, std::vector<Message> messages, std::stop_token) override {
    asked.push_back(model.id);
    texts.clear();
    for (const auto& message : messages) texts.push_back(text_of(message));
    if (down.contains(model.id)) co_return fail(fails_as, "It is down.", "provider_failed");
    Usage usage;
    usage.input_tokens = 5;
    co_return usage;
  }
  [[nodiscard]] bool answering() const override { return begun; }
  std::vector<std::string> asked, texts;
  std::set<std::string> down;
  Code fails_as = Code::upstream;
  bool begun = false;
};

struct WorkTest : ::testing::Test {
  FakeHouse house;
  FakeVectors work;
  WorkTest() {
    auto one = card("one", "US"), two = card("two", "US");
    one.capabilities = two.capabilities = {"embeddings"};
    one.fallback = {"two"};
    house.models.cards = {one, two, card("chat", "walls")};
    auto& exchange = house.exchange;
    exchange.sink = nullptr;
    exchange.ask.capability = "embeddings";
    exchange.ask.model = "one";
    exchange.ask.messages = {dialects::text_message(Role::user, "first a@b.fr"),
                             dialects::text_message(Role::user, "second")};
  }
  Result<void> run() {
    Pipeline pipeline(house.rooms());
    return sync_wait(pipeline.run(house.exchange, work));
  }
};

TEST_F(WorkTest, every_text_is_looked_at_and_masked) {
  house.guard.verdict = {"mask", {{"email", 0, 6, 1, "r"}}, {}};
  ASSERT_TRUE(run());
  EXPECT_EQ(house.exchange.findings.size(), 2U);
  EXPECT_EQ(house.exchange.trace[3].detail_json, R"({"found":{"email":2}})");
  EXPECT_THAT(work.texts, ElementsAre("first [EMAIL_1]", "second"));
}

TEST_F(WorkTest, the_gravest_verdict_counts) {
  house.guard.verdict = {"block", {}, {}};
  EXPECT_EQ(run().error().detail, "guard_blocked");
  EXPECT_TRUE(work.asked.empty());
}

TEST_F(WorkTest, only_models_that_can_are_asked) {
  house.exchange.ask.model = "chat";
  EXPECT_EQ(run().error().detail, "no_capability");
  EXPECT_TRUE(work.asked.empty());
  EXPECT_EQ(house.records.kept.size(), 1U) << "a refusal has its receipt";
}

TEST_F(WorkTest, an_answer_that_broke_off_is_not_asked_again_and_costs) {
  work.down = {"one"};
  work.begun = true;
  house.exchange.usage.audio_ms = 9000;
  EXPECT_EQ(run().error().code, Code::upstream);
  EXPECT_THAT(work.asked, ElementsAre("one"));
  EXPECT_GT(house.exchange.first_token_us, 0) << "the provider will bill it";
  EXPECT_EQ(house.admission.last.audio_ms, 9000);
  EXPECT_EQ(house.admission.last.input_tokens, 0) << "time is what was told";
}

TEST_F(WorkTest, a_wrong_call_is_wrong_for_all) {
  work.down = {"one"};
  work.fails_as = Code::invalid;
  EXPECT_EQ(run().error().code, Code::invalid);
  EXPECT_THAT(work.asked, ElementsAre("one"));
}

TEST_F(WorkTest, many_long_texts_are_no_context) {
  house.exchange.ask.messages.assign(50, dialects::text_message(Role::user, std::string(8000, 'a')));
  ASSERT_TRUE(run()) << "each is read by itself";
}

TEST_F(WorkTest, what_the_house_answers_itself_needs_no_model_and_costs_nothing) {
  house.exchange.ask.capability.clear();
  house.exchange.ask.model.clear();
  house.models.cards.clear();
  ASSERT_TRUE(run());
  EXPECT_THAT(work.asked, ElementsAre(""));
  EXPECT_THAT(work.texts, ElementsAre("first a@b.fr", "second"));
  EXPECT_TRUE(house.admission.chosen.empty());
  EXPECT_EQ(house.admission.settled, 1);
  ASSERT_EQ(house.records.kept.size(), 1U);
}

}  // namespace
}  // namespace bastide::exchange::testing
