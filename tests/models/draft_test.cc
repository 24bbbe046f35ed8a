#include "models/local/draft.h"

#include <gtest/gtest.h>

#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

class DraftOfItself : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = test::demo_model("smollm2-135m");
    if (!found) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
    large_ = load(found->file);
    auto draft = Draft::create(load(found->file), *large_);
    ASSERT_TRUE(draft) << draft.error().message;
    draft_ = std::move(*draft);
  }
  static std::unique_ptr<Engine> load(const std::string& file) {
    EngineOptions options;
    options.file = file;
    options.context_tokens = Draft::context_tokens;
    options.slots = 1;
    auto engine = Engine::load(options);
    return engine ? std::move(*engine) : nullptr;
  }
  /// Asks until it has read what stands before.
  Guess guess(std::span<const Token> tokens) {
    Guess out;
    for (int tries = 0; tries < 40 && out.tokens.empty(); ++tries) out = draft_->guess(tokens, 6);
    return out;
  }
  std::unique_ptr<Engine> large_;
  std::unique_ptr<Draft> draft_;
};

TEST_F(DraftOfItself, GoesOnWithWhatIsLikelyFromWhereverTheAnswerIs) {
  auto tokens = *large_->tokenize("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
  const auto first = guess(tokens);
  ASSERT_GT(first.tokens.size(), 2U) << "it counts on";
  EXPECT_EQ(first.source, Guess::Source::draft);
  EXPECT_GT(draft_->token_s(), 0);
  const auto whole = first.tokens;
  tokens.push_back(whole[0]);
  const auto next = draft_->guess(tokens, 6);
  ASSERT_FALSE(next.tokens.empty()) << "only one token was new";
  EXPECT_EQ(next.tokens[0], whole[1]);
  EXPECT_FALSE(guess(*large_->tokenize("a b c d e f g h i j k l m")).tokens.empty()) << "another answer";
  EXPECT_EQ(guess(*large_->tokenize("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15")).tokens, whole);
}

TEST_F(DraftOfItself, ReadsTheEndOfWhatIsLongInPieces) {
  std::string text;
  for (int i = 1; i < 300; ++i) text += std::to_string(i) + " ";
  auto tokens = *large_->tokenize(text);
  ASSERT_GT(tokens.size(), Draft::read_tokens);
  EXPECT_TRUE(draft_->guess(tokens, 6).tokens.empty()) << "it has not read enough yet";
  const auto found = guess(tokens);
  EXPECT_FALSE(found.tokens.empty());
  EXPECT_TRUE(draft_->guess(tokens, 0).tokens.empty());
  EXPECT_TRUE(draft_->guess({}, 6).tokens.empty());
}

}  // namespace
}  // namespace bastide::models::local
