// A GPU's driver that takes the worker down: what callers see, and who computes then.
#include <gtest/gtest.h>

#include "models/local/gpu_trust.h"
#include "tests/models/asking.h"
#include "tests/models/scratch.h"

namespace bastide::models {
namespace {

using local::GpuTrust;
using local::LocalModel;
using local::LocalModelOptions;
using local::LocalStatus;
using test::ask;
using test::body;

TEST(GpuTrust, EndsAfterSeveralFailuresSoonAfterEachOther) {
  GpuTrust trust({3, Millis(1000), Millis(5000)});
  const auto start = Steady::now();
  const auto at = [&](int ms) { return start + Millis(ms); };
  EXPECT_FALSE(trust.note_failure(at(0)));
  EXPECT_FALSE(trust.note_failure(at(900)));
  EXPECT_FALSE(trust.note_failure(at(1800))) << "the first was too long ago";
  EXPECT_FALSE(trust.are_resting(at(1800)));
  EXPECT_TRUE(trust.note_failure(at(1850)));
  EXPECT_TRUE(trust.are_resting(at(6849)));
  EXPECT_FALSE(trust.are_rested(at(6849)));
  EXPECT_TRUE(trust.are_rested(at(6850)));
  EXPECT_FALSE(trust.are_resting(at(6850)));
  trust.trust();
  EXPECT_FALSE(trust.are_rested(at(9000)));
  EXPECT_FALSE(trust.note_failure(at(9000))) << "they begin anew";
}

class GpuFailure : public testing::Test {
 protected:
  static constexpr const char* processor = "the processor, because it failed several times on its GPU";

  void SetUp() override {
    const auto found = test::demo_model("smollm2-135m");
    if (!found) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
    manifest_ = *found;
  }
  std::shared_ptr<LocalModel> make(const std::function<void(LocalModelOptions&)>& change = {}) {
    LocalModelOptions options;
    options.manifest = manifest_;
    options.own_binary = BASTIDE_FAILING_GPU_WORKER;
    options.restart_pause = Millis(20);
    if (change) change(options);
    return std::make_shared<LocalModel>(std::move(options), metrics_.counter("restarts", ""));
  }
  static std::string hello() { return body("Hello", R"("max_tokens":4)"); }

  Manifest manifest_;
  Metrics metrics_;
};

TEST_F(GpuFailure, InMidAnswerFailsItsCallsAloneUntilTheProcessorComputes) {
  const auto model = make();
  const auto other = make([](LocalModelOptions& options) { options.own_binary = BASTIDE_TEST_WORKER; });
  const auto usual = sync_wait(ask(other, hello())).computed.by;  // a GPU, where this build finds one
  for (int i = 0; i < 3; ++i) {
    const auto failed = sync_wait(ask(model, hello()));
    ASSERT_TRUE(failed.error);
    EXPECT_EQ(failed.error->detail, "worker_died");
    EXPECT_EQ(failed.text, "Par") << "what was written before is kept";
    EXPECT_EQ(failed.error->message.ends_with(
                  "restarted on the processor, because it failed several times on its GPU."),
              i == 2)
        << failed.error->message;
    EXPECT_FALSE(sync_wait(ask(other, hello())).error) << "another model's calls are answered";
  }
  const auto answered = sync_wait(ask(model, hello()));
  ASSERT_FALSE(answered.error) << answered.error->message;
  EXPECT_FALSE(answered.text.empty());
  EXPECT_EQ(answered.computed.by, processor) << "the receipt says it";
  EXPECT_EQ(model->status().detail, std::string("Computed by ") + processor + ".");
  EXPECT_EQ(sync_wait(ask(other, hello())).computed.by, usual);
}

TEST_F(GpuFailure, WhileLoadingIsWaitedFor) {
  manifest_.name = "no load";
  const auto answered = sync_wait(ask(make(), hello()));
  ASSERT_FALSE(answered.error) << answered.error->message;
  EXPECT_EQ(answered.computed.by, processor);
}

TEST_F(GpuFailure, IsForgottenAfterARest) {
  const auto model =
      make([](LocalModelOptions& options) { options.gpu_trust = {1, Millis(60'000), Millis(3000)}; });
  ASSERT_TRUE(sync_wait(ask(model, hello())).error);
  ASSERT_FALSE(sync_wait(ask(model, hello())).error);
  std::this_thread::sleep_for(Millis(3100));
  // A call may still find the worker on the processor, which then goes for being idle.
  bool tried = false;
  for (int call = 0; call < 5 && !tried; ++call) {
    const auto again = sync_wait(ask(model, hello()));
    tried = again.error && again.error->detail == "worker_died";
    for (int i = 0; i < 500 && !tried && model->worker_pid() != -1; ++i)
      std::this_thread::sleep_for(Millis(20));
  }
  EXPECT_TRUE(tried);
}

TEST_F(GpuFailure, OfAModelThatTheProcessorHasNoRoomForIsTriedAgain) {
  const auto model = make([](LocalModelOptions& options) {
    options.gpu_trust.failures_max = 1;
    options.available_memory_bytes = [] { return 100'000'000ULL; };
  });
  ASSERT_EQ(sync_wait(ask(model, hello())).error->detail, "worker_died");
  const auto refused = sync_wait(ask(model, hello()));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->detail, "not_enough_memory");
  EXPECT_EQ(model->status().state, LocalStatus::State::failed);
}

}  // namespace
}  // namespace bastide::models
