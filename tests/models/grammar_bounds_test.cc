// Grammars come from callers: none may hang or end the process that computes everybody's answers.
#include <gtest/gtest.h>
#include <json-schema-to-grammar.h>

#include <chrono>

#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

double seconds(auto&& work) {
  const auto begun = Steady::now();
  work();
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

/// Sixty rules, each of which begins with the next one twice.
std::string twice(const std::string& first, const std::string& second) {
  std::string text = "root ::= r0\n";
  for (int rule = 0; rule < 60; ++rule) {
    const auto next = "r" + std::to_string(rule + 1);
    text += "r" + std::to_string(rule) + " ::= " + next + first + " | " + next + second + "\n";
  }
  return text + "r60 ::= \"c\"\n";
}

TEST(GrammarBounds, RulesThatReferToOthersTwiceAreReadOnce) {
  EXPECT_LT(seconds([&] { EXPECT_TRUE(Grammar::of(nullptr, twice("", ""))); }), 5);
}

TEST(GrammarBounds, WaysThatAreOpenAtOnceHaveAnEnd) {
  EXPECT_LT(seconds([&] { EXPECT_FALSE(Grammar::of(nullptr, twice(" \"a\"", " \"b\""))); }), 5);
}

TEST(GrammarBounds, NestingHasAnEnd) {
  const auto nested = [](std::size_t depth) {
    return "root ::= " + std::string(depth, '(') + "\"a\"" + std::string(depth, ')');
  };
  EXPECT_TRUE(Grammar::of(nullptr, nested(100)));
  EXPECT_FALSE(Grammar::of(nullptr, nested(300)));
  EXPECT_FALSE(Grammar::of(nullptr, nested(200'000)));
}

TEST(GrammarBounds, ALongChainOfRulesHasAnEnd) {
  std::string text = "root ::= r0\n";
  for (int rule = 0; rule < 30'000; ++rule)
    text += "r" + std::to_string(rule) + " ::= r" + std::to_string(rule + 1) + "\n";
  text += "r30000 ::= \"c\"\n";
  EXPECT_LT(seconds([&] { EXPECT_FALSE(Grammar::of(nullptr, text)); }), 5);
}

TEST(GrammarBounds, LeftRecursionIsStillRefused) {
  EXPECT_FALSE(Grammar::of(nullptr, "root ::= a\na ::= b \"x\"\nb ::= a | \"y\"\n"));
  EXPECT_FALSE(Grammar::of(nullptr, "root ::= \"z\" | c\nc ::= d d\nd ::= | c\n"));
}

}  // namespace
}  // namespace bastide::models::local
