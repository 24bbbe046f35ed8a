// Runs where the program was built for GPUs and one is there: see docs/inference.md, "On GPUs".
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "models/local/placement.h"
#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

constexpr int tokens_compared = 8;
/// GPUs round sums to 16 bits in places where the processor does to 8, and the reverse.
constexpr double gap_max = 0.35;

struct Likeliest {
  Token token = -1;
  double logprob = 0;
  double lead = 0;  // before the second
};

class Gpu : public testing::Test {
 protected:
  void SetUp() override {
    if (gpus().empty()) GTEST_SKIP() << "no GPU that this build computes on";
    auto found = test::demo_model("smollm2-135m");
    if (!found) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
    need_.name = "test";
    need_.engine.file = found->file;
    need_.engine.slots = 1;
    need_.engine.context_tokens = 512;
    need_.host_bytes = 8'000'000'000;
  }

  /// What the model finds likeliest at each place of an answer: its own, or `told`.
  static std::vector<Likeliest> answer(const EngineOptions& options, std::span<const Likeliest> told) {
    const auto engine = Engine::load(options);
    EXPECT_TRUE(engine);
    std::vector<Likeliest> out;
    if (!engine) return out;
    const auto generation = (*engine)->prepare(
        R"({"messages":[{"role":"user","content":"What is the capital of France, and why is it known?"}],
            "temperature":0,"logprobs":true,"top_logprobs":2})");
    EXPECT_TRUE(generation);
    auto next = (*generation)->prompt();
    for (int position = 0; out.size() < tokens_compared;) {
      (*engine)->clear_batch();
      int row = 0;
      for (const Token token : next) row = (*engine)->add(0, token, position++, true);
      EXPECT_TRUE((*engine)->decode());
      const auto token = (*generation)->sample(row);
      EXPECT_TRUE(token);
      const auto top = nlohmann::json::parse((*generation)->take(*token).logprobs).at(0).at("top_logprobs");
      const double first = top.at(0).at("logprob"), second = top.at(1).at("logprob");
      out.push_back({*token, first, first - second});
      next = {told.empty() ? *token : told[out.size() - 1].token};
    }
    return out;
  }

  static void expect_near(std::span<const Likeliest> processor, std::span<const Likeliest> gpu) {
    ASSERT_EQ(processor.size(), gpu.size());
    double gap = 0;
    for (std::size_t at = 0; at < gpu.size(); ++at) {
      gap = std::max(gap, std::abs(processor[at].logprob - gpu[at].logprob));
      EXPECT_NEAR(processor[at].logprob, gpu[at].logprob, gap_max) << at;
      if (processor[at].lead > 2 * gap_max) EXPECT_EQ(processor[at].token, gpu[at].token) << at;
    }
    RecordProperty("gap", std::to_string(gap));
  }

  PlacementNeed need_;
};

TEST_F(Gpu, FindsLikelyWhatTheProcessorDoes) {
  const auto alone = answer(need_.engine, {});
  const auto whole = place_model(need_);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_TRUE(whole->plan.is_whole_on_gpu) << whole->where;
  EXPECT_GT(whole->plan.device_bytes.at(0), 50'000'000U);
  ASSERT_TRUE(need_.engine.offload);
  expect_near(alone, answer(need_.engine, alone));
}

TEST_F(Gpu, ComputesSomeLayersOnly) {
  const auto alone = answer(need_.engine, {});
  need_.gpu_layers = 10;
  const auto some = place_model(need_);
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->plan.gpu_layers, 10);
  EXPECT_TRUE(some->where.ends_with("10 of 31 layers")) << some->where;
  expect_near(alone, answer(need_.engine, alone));
}

TEST_F(Gpu, IsNotUsedWhereTheModelSaysSo) {
  need_.gpu_layers = 0;
  const auto none = place_model(need_);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->plan.gpu_layers, 0);
  EXPECT_EQ(none->where, "the processor");
}

TEST_F(Gpu, IsNamedWhereAModelDoesNotFit) {
  need_.gpu_layers = 10;
  need_.host_bytes = 1'000'000;
  const auto none = place_model(need_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().detail, "not_enough_memory");
  EXPECT_NE(none.error().message.find(gpus().front().name), std::string::npos) << none.error().message;
}

}  // namespace
}  // namespace bastide::models::local
