// The scheduler with a real model in this process, seen through its frames.
#include "models/local/chat_scheduler.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/models/reader.h"
#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

using test::Reader;

class Scheduler : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto model = test::demo_model("smollm2-135m");
    if (!model) return;
    EngineOptions options;
    options.file = model->file;
    options.context_tokens = 1024;
    options.slots = 2;
    if (auto loaded = Engine::load(options)) engine_ = std::move(*loaded);
  }
  static void TearDownTestSuite() { engine_.reset(); }
  void SetUp() override {
    if (!engine_) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
  }
  std::unique_ptr<Generation> prepare(const std::string& question, const std::string& more,
                                      const std::string& person = "ada") {
    nlohmann::json body = nlohmann::json::parse("{" + more + "}");
    body["messages"] = {{{"role", "user"}, {"content", question}}};
    body["bastide"] = {{"person", person}};
    auto made = engine_->prepare(body.dump());
    EXPECT_TRUE(made);
    return made ? std::move(*made) : nullptr;
  }
  static inline std::unique_ptr<Engine> engine_;
};

const std::string quoting =
    "Repeat this text: the council shall publish every year a report on its budget and people who work for "
    "it can ask "
    "for a copy of this page before they travel. The council shall publish every year a report on its "
    "budget.";

TEST_F(Scheduler, GuessingAheadChangesNoWord) {
  Reader reader;
  ChatScheduler scheduler(*engine_, 1, {}, reader.send());
  std::uint64_t call = 0;
  for (const std::string sampling :
       {R"("temperature":0)", R"("temperature":0.9,"seed":11)", R"("temperature":0,"stop":["year"])",
        R"("temperature":0,"ignore_eos":true)"}) {
    const auto written = [&](const std::string& more) {
      scheduler.submit(++call, prepare(quoting, sampling + R"(,"max_tokens":40)" + more));
      EXPECT_TRUE(reader.ended(call));
      const auto finish = reader.all(FrameKind::finish, call);
      EXPECT_EQ(finish.size(), 1U);
      return std::pair(reader.text(call), finish.empty() ? 0U : decode_finish(finish[0])->output_tokens);
    };
    const auto without = written(R"(,"speculative.n_max":0)");
    EXPECT_EQ(written(""), without) << sampling;
    EXPECT_EQ(written(""), without) << sampling << ", from the slot's cache";
  }
}

TEST_F(Scheduler, ADeadEndAmongGuessesEndsItsCallAlone) {
  Reader reader;
  ChatScheduler scheduler(*engine_, 1, {}, reader.send());
  const nlohmann::json sampling{
      {"grammar", R"(root ::= "The council shall publish" [a-z ]{20} [^\x00-\U0010FFFF])"},
      {"temperature", 0},
      {"speculative.n_min", 8}};
  const auto text = sampling.dump();
  scheduler.submit(1, prepare(quoting, text.substr(1, text.size() - 2)));
  ASSERT_TRUE(reader.ended(1));
  ASSERT_EQ(reader.all(FrameKind::error, 1).size(), 1U);
  EXPECT_NE(reader.all(FrameKind::error, 1)[0].find("grammar_dead_end"), std::string::npos);
  scheduler.submit(2, prepare(quoting, R"("temperature":0,"max_tokens":5)"));
  ASSERT_TRUE(reader.ended(2));
  EXPECT_FALSE(reader.text(2).empty());
}

TEST_F(Scheduler, TellsThoseWhoWaitTheirPlace) {
  Reader reader;
  ChatScheduler scheduler(*engine_, 1, {}, reader.send());
  const std::string more = R"("max_tokens":30,"ignore_eos":true)";
  scheduler.submit(1, prepare("Count.", more, "ada"));
  scheduler.submit(2, prepare("Count.", more, "bob"));
  ASSERT_TRUE(reader.heard(FrameKind::queued, 2));
  scheduler.submit(3, prepare("Count.", more, "eve"));  // within the second in which the other was told
  ASSERT_TRUE(reader.ended(3));
  EXPECT_TRUE(reader.all(FrameKind::queued, 1).empty()) << "it never waited";
  const auto told = reader.all(FrameKind::queued, 3);
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(decode_queued(told.front())->place, 2U);
  EXPECT_EQ(decode_queued(told.front())->wait_s, 0U) << "no answer has ended: nothing is known";
  EXPECT_EQ(decode_queued(told.back())->place, 0U) << "it waits no longer";
}

TEST_F(Scheduler, RefusesBeyondItsQueueAndSaysWhenToComeBack) {
  Reader reader;
  ChatScheduler scheduler(*engine_, 1, {}, reader.send());
  const std::string more = R"("max_tokens":900,"ignore_eos":true)";
  const auto last = FairQueue::person_max + 2;  // one is answered
  for (std::uint64_t call = 1; call <= last; ++call) {
    scheduler.submit(call, prepare("Count.", more));
    if (call == 1)  // seated before the others come
      for (int i = 0; i < 500 && reader.all(FrameKind::text, 1).empty(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const auto errors = reader.all(FrameKind::error, last);
  ASSERT_EQ(errors.size(), 1U);
  const auto error = decode_error(errors.front());
  EXPECT_EQ(error.code, Code::rate_limited);
  EXPECT_EQ(error.detail, "person_queue_full");
  EXPECT_GT(error.retry_after_s, 0);
  EXPECT_TRUE(reader.all(FrameKind::error, last - 1).empty());
}

}  // namespace
}  // namespace bastide::models::local
