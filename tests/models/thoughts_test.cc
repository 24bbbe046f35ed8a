// A caller who wants no thoughts says so in the words of a dialect; the model's template has words of its
// own.
#include <gtest/gtest.h>

#include "models/house.h"
#include "net/loop.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models {
namespace {

using dialects::ReasoningOptions;

Task<std::int64_t> prompt_tokens(House& house, ReasoningOptions reasoning) {
  dialects::Message question;
  question.role = dialects::Role::user;
  question.parts.push_back({dialects::Text{"Why?"}});
  exchange::ModelCall call;
  call.model.id = "thinker";
  call.model.local = true;
  call.request.messages = {question};
  call.request.sampling.max_tokens = 1;
  call.request.reasoning = std::move(reasoning);
  auto answer = co_await house.start(std::move(call), {});
  EXPECT_TRUE(answer) << answer.error().message;
  std::int64_t out = 0;
  while (answer) {
    auto event = co_await (*answer)->next();
    EXPECT_TRUE(event) << event.error().message;
    if (!event || std::holds_alternative<dialects::End>(*event)) break;
    if (const auto* usage = std::get_if<dialects::UsageGiven>(&*event)) out = usage->usage.input;
  }
  co_return out;
}

TEST(Thoughts, AreLeftOutHoweverThatIsSaid) {
  const test::Scratch scratch;
  const auto qwen3 = test::read_file(BASTIDE_TEMPLATES "/Qwen-Qwen3-0.6B.jinja");
  ASSERT_TRUE(test::write_windowed_model(scratch.path("m.gguf"), qwen3));
  ASSERT_TRUE(import_model({scratch.path("m.gguf"), "thinker"}, scratch.path("models")));
  auto client = net::Client::create();
  ASSERT_TRUE(client);
  Pool pool("test", 1, 10);
  Metrics metrics;
  HouseOptions options;
  options.data_folder = scratch.path();
  options.own_binary = BASTIDE_TEST_WORKER;
  options.threads = 1;
  const auto house = House::create(Config{}, options, **client, pool, metrics);
  ASSERT_TRUE(house) << house.error().message;
  const auto asked = [&](ReasoningOptions reasoning) { return sync_wait(prompt_tokens(**house, reasoning)); };
  const auto thinking = asked({});
  ReasoningOptions none, off, no_budget, budget;
  none.effort = "none";
  off.mode = ReasoningOptions::Mode::off;
  no_budget.budget_tokens = 0;
  budget.mode = ReasoningOptions::Mode::on;
  budget.budget_tokens = 2048;
  EXPECT_GT(thinking, 0);
  EXPECT_GT(asked(none), thinking) << "the template writes an empty thought";
  EXPECT_EQ(asked(off), asked(none));
  EXPECT_EQ(asked(no_budget), asked(none));
  EXPECT_EQ(asked(budget), thinking);
}

}  // namespace
}  // namespace bastide::models
