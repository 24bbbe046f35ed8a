#include "models/local/speculation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/local/llama_engine.h"
#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

using Tokens = std::vector<Token>;

TEST(LookUp, FindsWhatFollowedTheSameTokens) {
  EXPECT_EQ(look_up(Tokens{1, 2, 3, 4, 5, 6, 1, 2, 3}, 2).tokens, (Tokens{4, 5}));
  EXPECT_EQ(look_up(Tokens{1, 2, 3, 4, 5, 6, 1, 2, 3}, 2).matched, 3U);
  EXPECT_TRUE(look_up(Tokens{1, 2, 3, 4, 5, 6, 7, 2, 9}, 4).tokens.empty()) << "two tokens agree by chance";
  EXPECT_TRUE(look_up(Tokens{1, 2}, 4).tokens.empty());
  EXPECT_TRUE(look_up(Tokens{}, 4).tokens.empty());
  EXPECT_TRUE(look_up(Tokens{1, 2, 3, 4, 1, 2, 3}, 0).tokens.empty());
}

TEST(LookUp, PrefersTheLongestAndThenTheLatestPlace) {
  EXPECT_EQ(look_up(Tokens{9, 1, 2, 3, 50, 8, 1, 2, 3, 60, 9, 1, 2, 3}, 1).tokens, Tokens{50})
      << "four agree";
  EXPECT_EQ(look_up(Tokens{7, 1, 2, 3, 50, 8, 1, 2, 3, 60, 9, 1, 2, 3}, 1).tokens, Tokens{60})
      << "the latest";
}

TEST(LookUp, LetsRepetitionsGoOn) {
  EXPECT_EQ(look_up(Tokens{1, 2, 1, 2, 1, 2}, 5).tokens, (Tokens{1, 2, 1, 2, 1}));
  EXPECT_EQ(look_up(Tokens{4, 4, 4, 4}, 3).tokens, (Tokens{4, 4, 4}));
}

TEST(Speculation, ChecksMoreWhenGuessesWereRightAndStopsWhenTheyWereNot) {
  RowCosts costs;
  const Guess guess{{1, 2, 3, 4, 5, 6}, 8};
  Speculation good;
  for (int i = 0; i < 20; ++i) good.learn(guess, 6, 6);
  EXPECT_EQ(good.worth_checking(guess, costs), 6U);
  Speculation bad;
  for (int i = 0; i < 20; ++i) bad.learn(guess, 0, 1);
  EXPECT_EQ(bad.worth_checking(guess, costs), 0U);
  for (int i = 0; i < 20; ++i) bad.learn(guess, 1, 1);
  EXPECT_GT(bad.worth_checking(guess, costs), 0U) << "it sees when guesses become right again";
  EXPECT_EQ(good.worth_checking({}, costs), 0U);
}

TEST(Speculation, IsOffWhereSeveralTokensCostAsMuchAsOneAfterTheOther) {
  RowCosts costs;
  for (std::size_t rows = 1; rows <= guess_max + 1; ++rows)
    costs.note(rows, 0.01 * static_cast<double>(rows));
  const Guess guess{{1, 2, 3, 4, 5, 6}, 8};
  Speculation good;
  for (int i = 0; i < 20; ++i) good.learn(guess, 6, 6);
  EXPECT_EQ(good.worth_checking(guess, costs), 0U);
}

TEST(Speculation, DraftsOnlyAsFarAsThatIsFaster) {
  RowCosts costs;
  for (std::size_t rows = 1; rows <= guess_max + 1; ++rows)
    costs.note(rows, 0.1 + 0.005 * static_cast<double>(rows - 1));
  Speculation speculation;
  EXPECT_EQ(speculation.worth_drafting(6, 0, costs), 2U) << "what it costs must be seen first";
  EXPECT_GT(speculation.worth_drafting(6, 0.01, costs), 2U);
  EXPECT_EQ(speculation.worth_drafting(6, 0.1, costs), 0U) << "as slow as the model itself";
  EXPECT_EQ(speculation.worth_drafting(0, 0.01, costs), 0U);
  const Guess guess{{1, 2, 3}, 0, Guess::Source::draft};
  for (int i = 0; i < 20; ++i) speculation.learn(guess, 0, 3);
  EXPECT_EQ(speculation.worth_drafting(6, 0.01, costs), 0U) << "it was wrong too often";
  EXPECT_GT(speculation.worth_checking({{1, 2, 3}, 8}, costs), 0U) << "of repetitions nothing was learnt";
  EXPECT_EQ(Speculation().worth_drafting(6, 0.01, RowCosts()), 0U) << "nothing to compare with";
}

std::string question(const std::string& more) {
  return R"({"messages":[{"role":"user","content":"Repeat: the council shall publish every year a report on its budget."}],)" +
         more + "}";
}

/// What one answer is made of, with `rows` tokens a computation of which all but the first were known before.
struct Written {
  Tokens tokens;
  std::vector<double> logprobs;
};

Written write(Engine& engine, int slot, const Tokens& known, std::size_t rows) {
  auto generation = engine.prepare(question(R"("temperature":0,"logprobs":true)"));
  EXPECT_TRUE(generation);
  Written out;
  const auto draw = [&](int row) {
    const auto token = (*generation)->sample(row);
    EXPECT_TRUE(token);
    out.tokens.push_back(*token);
    const auto told = nlohmann::json::parse((*generation)->take(*token).logprobs);
    out.logprobs.push_back(told[0]["logprob"].get<double>());
  };
  engine.forget(slot, 0);
  engine.clear_batch();
  const auto& prompt = (*generation)->prompt();
  int position = 0;
  const int last = static_cast<int>(prompt.size()) - 1;
  for (; position <= last; ++position) {
    const Token token = prompt[static_cast<std::size_t>(position)];
    engine.add(slot, token, position, position == last);
  }
  EXPECT_TRUE(engine.decode());
  draw(last);
  while (out.tokens.size() + rows <= 30) {
    engine.clear_batch();
    const std::size_t from = out.tokens.size();
    for (std::size_t each = 0; each < rows; ++each)
      engine.add(slot, each == 0 ? out.tokens.back() : known[from - 1 + each], position++, true);
    EXPECT_TRUE(engine.decode());
    for (std::size_t each = 0; each < rows; ++each) draw(static_cast<int>(each));
  }
  return out;
}

TEST(Speculation, SeveralTokensAtOnceAreComputedAsOneAfterTheOther) {
  const auto model = test::demo_model("smollm2-135m");
  if (!model) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
  EngineOptions options;
  options.file = model->file;
  options.context_tokens = 512;
  options.slots = 2;
  auto engine = Engine::load(options);
  ASSERT_TRUE(engine);
  const auto single = write(**engine, 0, {}, 1);
  for (const std::size_t rows : {2UL, guess_max + 1}) {
    const auto several = write(**engine, 0, single.tokens, rows);
    ASSERT_GT(several.tokens.size(), 14U);
    for (std::size_t each = 0; each < several.tokens.size(); ++each) {
      EXPECT_EQ(several.tokens[each], single.tokens[each]) << rows << " rows, token " << each;
      EXPECT_NEAR(several.logprobs[each], single.logprobs[each], 1e-3) << rows << " rows, token " << each;
    }
  }
}

}  // namespace
}  // namespace bastide::models::local
