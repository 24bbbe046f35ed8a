// Answers that are computed together, in slots side by side or not, with beginnings in common or not, say
// what each says alone.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/local/chat_scheduler.h"
#include "tests/models/reader.h"
#include "tests/models/scratch.h"
#include "tests/models/seeing_model.h"
#include "tests/models/told.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::local {
namespace {

enum class Model { windowed, sectioned };

using test::Told;
using test::told;

class Together : public testing::TestWithParam<Model> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.file = scratch_.path("m.gguf");
    ASSERT_TRUE(GetParam() == Model::windowed ? test::write_windowed_model(options.file)
                                              : test::write_sectioned_model(options.file, {}));
    options.context_tokens = 1024;
    options.slots = slots;
    auto loaded = Engine::load(options);
    ASSERT_TRUE(loaded) << loaded.error().message;
    engine_ = std::move(*loaded);
  }
  /// `rules` stand before the question: what several answers share.
  std::unique_ptr<Generation> prepare(int question, int tokens, const std::string& rules = {}) {
    nlohmann::json body{{"temperature", 0},
                        {"ignore_eos", true},
                        {"max_tokens", tokens},
                        {"logprobs", true},
                        {"speculative.n_max", 0}};
    body["messages"] = {
        {{"role", "user"},
         {"content", rules + std::to_string(question * 7919) + ": why " + std::to_string(question) + "?"}}};
    body["bastide"] = {{"person", "person " + std::to_string(question)}, {"rights", "staff"}};
    auto made = engine_->prepare(body.dump());
    EXPECT_TRUE(made);
    return made ? std::move(*made) : nullptr;
  }
  static bool is_short(int question) { return question % 3 == 1; }

  /// Question `i` stands after the rules number `i` modulo their count.
  void expect_those_alone(const std::vector<std::string>& rules) {
    const auto rules_of = [&](int question) {
      return rules[static_cast<std::size_t>(question) % rules.size()];
    };
    std::vector<Told> alone;
    for (int question = 0; question < slots; ++question) {
      test::Reader reader;
      ChatScheduler scheduler(*engine_, slots, {}, reader.send());
      scheduler.submit(1, prepare(question, 40, rules_of(question)));
      alone.push_back(told(reader, 1));
      ASSERT_EQ(alone.back().tokens.size(), 40U);
    }
    test::Reader reader;
    ChatScheduler scheduler(*engine_, slots, {}, reader.send());
    for (int question = 0; question < slots; ++question)
      scheduler.submit(static_cast<std::uint64_t>(question) + 1,
                       prepare(question, is_short(question) ? 4 : 40, rules_of(question)));
    for (int question = 0; question < slots; ++question) {
      const auto together = told(reader, static_cast<std::uint64_t>(question) + 1);
      const auto& right = alone[static_cast<std::size_t>(question)];
      ASSERT_EQ(together.tokens.size(), is_short(question) ? 4U : 40U);
      for (std::size_t i = 0; i < together.tokens.size(); ++i) {
        EXPECT_EQ(together.tokens[i], right.tokens[i]) << question << ", token " << i;
        EXPECT_NEAR(together.logprobs[i], right.logprobs[i], tolerance) << question << ", token " << i;
      }
    }
  }

  static constexpr int slots = 7;
  /// Answers that are computed together sum in another order; those side by side differ as much.
  static constexpr double tolerance = 0.01;
  test::Scratch scratch_;
  std::unique_ptr<Engine> engine_;
};

std::string rules(int assistant) {
  std::string out;
  while (out.size() < 2 * block_tokens)
    out += "Rule " + std::to_string(out.size() * 3 + static_cast<std::size_t>(assistant)) + " holds. ";
  return out;
}

TEST_P(Together, AnswersWithNothingInCommonAreThoseAlone) { expect_those_alone({""}); }
TEST_P(Together, AnswersThatShareABeginningAreThoseAlone) { expect_those_alone({rules(0)}); }
TEST_P(Together, AnswersOfTwoAssistantsAreThoseAlone) { expect_those_alone({rules(0), rules(1)}); }
TEST_P(Together, AnswersWithRulesAndWithoutAreThoseAlone) {
  expect_those_alone({rules(0), "", rules(1), "", ""});
}

INSTANTIATE_TEST_SUITE_P(Models, Together, testing::Values(Model::windowed, Model::sectioned));

}  // namespace
}  // namespace bastide::models::local
