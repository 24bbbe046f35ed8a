// Models whose attention slides: what was kept of a prompt gives the answer that computing it again gives.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/local/chat_scheduler.h"
#include "tests/models/reader.h"
#include "tests/models/scratch.h"
#include "tests/models/told.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::local {
namespace {

using test::Told;
using test::told;

void expect_same(const Told& again, const Told& first, const char* how) {
  EXPECT_EQ(again.tokens, first.tokens) << how;
  ASSERT_EQ(again.logprobs.size(), first.logprobs.size()) << how;
  for (std::size_t each = 0; each < first.logprobs.size(); ++each)
    EXPECT_NEAR(again.logprobs[each], first.logprobs[each], 1e-3) << how << ", token " << each;
}

/// But for the last token, whose logits are needed.
std::uint32_t whole_blocks(const Told& told) {
  return (told.prompt - 1) / static_cast<std::uint32_t>(block_tokens) *
         static_cast<std::uint32_t>(block_tokens);
}

class SlidingWindow : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::write_windowed_model(scratch_.path("windowed.gguf")));
    EngineOptions options;
    options.file = scratch_.path("windowed.gguf");
    options.context_tokens = 2048;
    options.slots = slots;
    auto loaded = Engine::load(options);
    ASSERT_TRUE(loaded) << loaded.error().message;
    engine_ = std::move(*loaded);
  }
  std::unique_ptr<Generation> prepare(const std::string& person, const std::string& question) {
    nlohmann::json body{{"temperature", 0},
                        {"ignore_eos", true},
                        {"max_tokens", 40},
                        {"logprobs", true},
                        {"speculative.n_max", 0}};
    body["messages"] = {{{"role", "user"}, {"content", document() + question}}};
    body["bastide"] = {{"person", person}, {"rights", "staff"}};
    auto made = engine_->prepare(body.dump());
    EXPECT_TRUE(made);
    return made ? std::move(*made) : nullptr;
  }
  static std::string document() {
    std::string out;
    for (int i = 0; i < 40; ++i) out += "Rule " + std::to_string(i) + " holds. ";
    return out;
  }
  static constexpr int slots = 3;
  test::Scratch scratch_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(SlidingWindow, WhatIsReusedGivesTheSameAnswer) {
  PrefixStoreOptions kept;
  kept.key = std::string(32, 'k');
  kept.memory_bytes_max = 64 << 20;
  PrefixStore store(kept);
  test::Reader reader;
  Told first, other;
  {
    ChatScheduler scheduler(*engine_, slots, {&store}, reader.send());
    scheduler.submit(1, prepare("ada", "Why?"));
    first = told(reader, 1);
    ASSERT_EQ(first.tokens.size(), 40U);
    ASSERT_GT(first.prompt, 512U) << "longer than the window and than a block";
    EXPECT_EQ(first.cached, 0U);
    scheduler.submit(2, prepare("ada", "Why?"));
    const auto own = told(reader, 2);
    EXPECT_EQ(own.cached, first.prompt - 1);
    expect_same(own, first, "her own, to the last token");
    scheduler.submit(3, prepare("ada", "Who then, if not they?"));
    other = told(reader, 3);
    EXPECT_GT(other.cached, 512U);
    EXPECT_NE(other.tokens, first.tokens) << "the question matters";
  }
  ChatScheduler scheduler(*engine_, slots, {&store}, reader.send());
  scheduler.submit(4, prepare("bob", "Why?"));
  const auto colleague = told(reader, 4);
  EXPECT_EQ(colleague.cached, whole_blocks(first)) << "out of the store";
  expect_same(colleague, first, "a colleague's, restored");
  scheduler.submit(5, prepare("eve", "Who then, if not they?"));
  const auto third = told(reader, 5);
  EXPECT_EQ(third.cached, whole_blocks(other));
  expect_same(third, other, "another question on the same document");
}

TEST_F(SlidingWindow, AnswersTogetherAreThoseAlone) {
  test::Reader reader;
  Told alone;
  {
    ChatScheduler scheduler(*engine_, slots, {}, reader.send());
    scheduler.submit(1, prepare("ada", "Why?"));
    alone = told(reader, 1);
  }
  ChatScheduler scheduler(*engine_, slots, {}, reader.send());
  for (std::uint64_t call = 2; call <= 4; ++call)
    scheduler.submit(call, prepare("person " + std::to_string(call), "Why?"));
  for (std::uint64_t call = 2; call <= 4; ++call) expect_same(told(reader, call), alone, "beside two others");
}

}  // namespace
}  // namespace bastide::models::local
