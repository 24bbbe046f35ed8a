// Documents judged by a local reranker in a real worker process, and by providers.
#include <gtest/gtest.h>

#include "models/house.h"
#include "models/local/local_model.h"
#include "models/providers/dialect_provider.h"
#include "net/loop.h"
#include "tests/models/scratch.h"
#include "tests/models/tiny_reranker.h"

namespace bastide::models {
namespace {

using test::Scratch;

class LocalReranker : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::write_tiny_reranker(scratch_.path("tiny.gguf")));
    const auto imported = import_model({scratch_.path("tiny.gguf"), "tiny"}, scratch_.path());
    ASSERT_TRUE(imported) << imported.error().message;
    EXPECT_EQ(imported->kind, Kind::reranker);
    EXPECT_EQ(imported->capabilities, std::vector<std::string>{"rerank"});
    static Metrics metrics;
    static Counter& restarts = metrics.counter("restarts", "");
    local::LocalModelOptions options;
    options.manifest = *imported;
    options.own_binary = BASTIDE_TEST_WORKER;
    model_ = std::make_shared<local::LocalModel>(std::move(options), restarts);
  }
  Result<local::ScoresBody> rank(std::string query, std::vector<std::string> documents) {
    return sync_wait(model_->rerank(std::move(query), std::move(documents), {}));
  }
  Scratch scratch_;
  std::shared_ptr<local::LocalModel> model_;
};

TEST_F(LocalReranker, JudgesByWhatTheModelWasMadeToLike) {
  const auto ranked = rank("word", {"word word word", "good word word", "good good good", "bad bad bad"});
  ASSERT_TRUE(ranked) << ranked.error().message;
  const auto& scores = ranked->scores;
  ASSERT_EQ(scores.size(), 4U);
  EXPECT_GT(scores[2], scores[1]);
  EXPECT_GT(scores[1], scores[0]);
  EXPECT_GT(scores[0], scores[3]);
  EXPECT_NEAR(scores[0], 0.5, 1e-5) << "nothing liked or disliked: a logit of nought";
  for (const float score : scores) EXPECT_TRUE(score > 0 && score < 1) << score;
  // [CLS] query [SEP] document: no end token in this vocabulary.
  EXPECT_EQ(ranked->tokens, 4U * (1 + 1 + 1 + 3));
  EXPECT_EQ(ranked->documents_cut, 0U);
}

TEST_F(LocalReranker, ReadsTheQueryWithEachDocument) {
  const auto plain = rank("word", {"word"});
  const auto liked = rank("good", {"word"});
  ASSERT_TRUE(plain && liked);
  EXPECT_GT(liked->scores[0], plain->scores[0]);
}

TEST_F(LocalReranker, SaysTheSameWhateverElseIsAsked) {
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i)
    many.push_back(i % 3 == 0 ? "good word" : i % 3 == 1 ? "bad" : "word word word");
  const auto together = rank("word", many);
  ASSERT_TRUE(together) << together.error().message;
  for (const std::size_t i : {0U, 1U, 2U, 97U, 98U, 99U}) {
    const auto alone = rank("word", {many[i]});
    ASSERT_TRUE(alone);
    EXPECT_NEAR(alone->scores[0], together->scores[i], 1e-5) << i;
  }
}

TEST_F(LocalReranker, CutsADocumentThatIsTooLongAndSaysSo) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "word ";
  const auto cut = rank("word", {"good " + text, "word"});
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_EQ(cut->documents_cut, 1U);
  EXPECT_GT(cut->scores[0], cut->scores[1]) << "its beginning was read";
  const auto refused = rank(text, {"word"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "context_too_long");
  EXPECT_EQ(refused.error().code, Code::invalid);
}

TEST_F(LocalReranker, MakesNoEmbeddingsAndNoAnswers) {
  const auto vectors = sync_wait(model_->embed({"word"}, exchange::TooLong::cut, {}));
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().code, Code::invalid);
}

TEST(Ranking, ReadsWhatServersSay) {
  const auto jina = parse_ranking(
      R"({"model":"m","usage":{"total_tokens":38},"results":[{"index":1,"relevance_score":0.8},
      {"index":0,"relevance_score":-2.5,"document":{"text":"a"}}]})",
      2);
  ASSERT_TRUE(jina) << jina.error().message;
  EXPECT_FLOAT_EQ(jina->relevance[0], -2.5F);
  EXPECT_FLOAT_EQ(jina->relevance[1], 0.8F);
  EXPECT_EQ(jina->tokens, 38);
  const auto cohere = parse_ranking(
      R"({"results":[{"index":0,"relevance_score":1}],"meta":{"tokens":{"input_tokens":7.0}}})", 1);
  ASSERT_TRUE(cohere) << cohere.error().message;
  EXPECT_EQ(cohere->tokens, 7);
  EXPECT_TRUE(parse_ranking(R"({"data":[{"index":0,"relevance_score":1}]})", 1));
}

TEST(Ranking, RefusesWhatIsNone) {
  for (const char* wrong :
       {"", "[]", "{}", R"({"results":[]})", R"({"results":[{"index":1,"relevance_score":1}]})",
        R"({"results":[{"index":-1,"relevance_score":1}]})", R"({"results":[{"index":0}]})",
        R"({"results":[{"index":0,"relevance_score":"1"}]})"}) {
    const auto read = parse_ranking(wrong, 1);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().code, Code::upstream);
  }
}

}  // namespace
}  // namespace bastide::models
