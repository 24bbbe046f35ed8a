#include "exchange/prompt.h"

#include <gtest/gtest.h>

#include "exchange/sentence_stream.h"

namespace bastide::exchange {
namespace {

Ask ask_of(std::vector<std::string> turns) {
  Ask ask;
  ask.language = "en";
  bool user = true;
  for (auto& turn : turns) {
    ask.messages.push_back(dialects::text_message(user ? Role::user : Role::assistant, std::move(turn)));
    user = !user;
  }
  return ask;
}

TEST(Prompt, a_short_follow_up_is_searched_with_the_question_before_it) {
  auto ask = ask_of({"How many days of telework may I take?", "Two.", "And if refused?"});
  EXPECT_EQ(query_of(ask), "How many days of telework may I take?\nAnd if refused?");
  EXPECT_EQ(question_of(ask), "And if refused?");
}

TEST(Prompt, drops_the_oldest_turns_first_and_never_the_question) {
  auto ask = ask_of({std::string(3000, 'a'), std::string(3000, 'b'), "short question"});
  ask.sampling.max_tokens = 100;
  auto composed = compose_prompt(ask, {}, 1300);
  ASSERT_TRUE(composed);
  EXPECT_EQ(composed->turns_dropped, 1);
  EXPECT_EQ(text_of(composed->messages.back()), "short question");
}

TEST(Prompt, a_question_that_cannot_fit_is_an_error_that_says_so) {
  auto composed = compose_prompt(ask_of({std::string(30000, 'a')}), {}, 2048);
  ASSERT_FALSE(composed);
  EXPECT_EQ(composed.error().detail, "context_too_long");
}

TEST(Prompt, numbers_passages_in_their_order) {
  Passage first, second;
  first.title = "One";
  second.title = "Two";
  auto composed = compose_prompt(ask_of({"q"}), std::vector{first, second}, 8192);
  ASSERT_TRUE(composed);
  const auto system = text_of(composed->messages.front());
  EXPECT_LT(system.find("[1] One"), system.find("[2] Two"));
}

std::vector<std::string> cut(std::string_view whole, std::size_t step) {
  SentenceStream stream;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < whole.size(); at += step) {
    stream.feed(whole.substr(at, step));
    while (auto sentence = stream.next()) out.push_back(*sentence);
  }
  if (auto rest = stream.rest(); !rest.empty()) out.push_back(rest);
  return out;
}

TEST(SentenceStream, cuts_alike_however_the_bytes_arrive) {
  const std::string whole =
      "M. Dupont a 3.5 jours [1]. L’accord (art. 4) le dit « ainsi ». [2] Voir bastide.fr ! Et ensuite ?\n- "
      "un point\n"
      "1. premier\nFin";
  auto once = cut(whole, whole.size());
  EXPECT_EQ(once[0], "M. Dupont a 3.5 jours [1]. ");
  EXPECT_EQ(once[1], "L’accord (art. 4) le dit « ainsi ». [2] ");
  EXPECT_EQ(once[2], "Voir bastide.fr ! ");
  for (std::size_t step = 1; step < 40; ++step) {
    auto pieces = cut(whole, step);
    EXPECT_EQ(pieces, once) << step;
    std::string joined;
    for (auto& piece : pieces) joined += piece;
    EXPECT_EQ(joined, whole);
  }
}

}  // namespace
}  // namespace bastide::exchange
