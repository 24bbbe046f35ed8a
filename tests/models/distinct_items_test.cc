#include "models/local/distinct_items.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "models/schema/grammar.h"
#include "tests/models/grammar_reader.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::local {
namespace {

DistinctItems after(std::string_view written) {
  DistinctItems out;
  out.begin();
  for (const char c : written) out.note(c);
  return out;
}

TEST(DistinctItems, AreKeptByValue) {
  EXPECT_TRUE(after(R"("a", "b", "a)").repeats("\""));
  EXPECT_FALSE(after(R"("a", "b", "ab)").repeats("\""));
  EXPECT_FALSE(after(R"("a", "b", "a)").repeats("b"));
  EXPECT_TRUE(after(R"("A", )").repeats(R"("\u0041")"));
  EXPECT_TRUE(after(R"("a\"b", "a\")").repeats("b\""));
  EXPECT_FALSE(after(R"("a\"b", "a\)").repeats("\""));
  EXPECT_TRUE(after("12, 3, 12").repeats(","));
  EXPECT_TRUE(after("12, 3, 12").repeats("\n]"));
  EXPECT_FALSE(after("12, 3, 12").repeats("0]"));
  EXPECT_TRUE(after("1, 1.0").repeats("]"));
  EXPECT_TRUE(after("100, 1e2").repeats(" "));
  EXPECT_FALSE(after("9007199254740993, 9007199254740992").repeats("]"));
}

TEST(DistinctItems, WhatCouldOnlyBecomeOneIsRefusedAtItsBeginning) {
  EXPECT_TRUE(after("0, ").repeats("0"));
  EXPECT_TRUE(after("0, -").repeats("0"));
  EXPECT_TRUE(after("null, 1,").repeats(" null"));
  EXPECT_FALSE(after("null, 1,").repeats(" true"));
  EXPECT_FALSE(after("10, ").repeats("1"));
  EXPECT_TRUE(after("123456789012345678, 12345678901234567").repeats("8")) << "there may be no further digit";
  EXPECT_TRUE(after("1.5, 1.5000000000000").repeats("0"));
}

TEST(DistinctItems, TheBeginningOfOneIsTheBeginningOfOthers) {
  EXPECT_TRUE(after(R"("abc", "ab)").begins_again());
  EXPECT_TRUE(after(R"("abc", "ab)").completes("c"));
  EXPECT_FALSE(after(R"("abc", "ab)").completes("cd"));
  EXPECT_FALSE(after(R"("abc", "b)").begins_again());
  EXPECT_FALSE(after(R"("abc", "abc")").begins_again());
}

TEST(DistinctItems, PiecesMayHoldSeveralAndArraysOfTheirOwn) {
  EXPECT_TRUE(after("").repeats("1,1,"));
  EXPECT_FALSE(after("").repeats("1,1"));
  EXPECT_TRUE(DistinctItems().repeats("[7,7]"));
  EXPECT_FALSE(DistinctItems().repeats("7,7]"));
  auto ended = after("1, 2]");
  EXPECT_FALSE(ended.is_open());
  EXPECT_FALSE(ended.repeats("1, 1]"));
  ended.begin();
  EXPECT_FALSE(ended.repeats("1,"));
}

TEST(DistinctItems, AGrammarSaysWhichArraysTheyAre) {
  const auto schema = nlohmann::ordered_json::parse(
      R"({"type":"object","properties":{"any":{"type":"array","items":{"type":"string"}},
          "tags":{"type":"array","items":{"type":"string"},"uniqueItems":true,"minItems":2}},
          "required":["any","tags"],"additionalProperties":false})");
  const auto marked = schema::grammar_of(schema, "schema", "json-", schema::Notation::json, true);
  ASSERT_TRUE(marked);
  EXPECT_FALSE(schema::grammar_of(schema, "schema", "json-")) << "nobody would keep them";
  const test::GrammarReader reader(*marked);
  EXPECT_TRUE(reader.accepts(R"({"any": ["a", "a"], "tags": ["a", "b"]})"));
  EXPECT_TRUE(reader.accepts(R"({"any":[],"tags":["a","a"]})")) << "that is for whoever reads the mark";
}

/// Of two letters a model without any sense soon writes the same word again.
TEST(DistinctItems, NoAnswerRepeatsOne) {
  silence_llama();
  const test::Scratch scratch;
  EngineOptions options;
  options.file = scratch.path("model.gguf");
  ASSERT_TRUE(test::write_windowed_model(options.file, "{% for m in messages %}{{ m.content }}{% endfor %}",
                                         test::Beginning::is_not));
  options.context_tokens = 4096;
  options.slots = 1;
  const auto engine = Engine::load(options);
  int ended = 0;
  ASSERT_TRUE(engine) << engine.error().message;
  for (const std::string items : {R"({"type":"string","pattern":"^[ab]+$"})", R"({"type":"integer"})",
                                  R"({"type":"string","maxLength":2})",
                                  R"({"type":["string","null","boolean"],"pattern":"^[ab]{1,}$"})"}) {
    const auto body = [&](int seed) {
      return R"({"messages":[{"role":"user","content":"x"}],"seed":)" + std::to_string(seed) +
             R"(,"temperature":)" + (seed == 0 ? "0" : "1.5") +
             R"(,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array","items":)" +
             items + R"(,"uniqueItems":true,"minItems":12,"maxItems":12}}}})";
    };
    for (int seed = 0; seed < 4; ++seed) {
      const auto generation = (*engine)->prepare(body(seed));
      ASSERT_TRUE(generation) << generation.error().message;
      std::string text;
      auto next = (*generation)->prompt();
      bool has_ended = false;
      (*engine)->forget(0, 0);
      for (int position = 0; position < 3000 && !has_ended;) {
        (*engine)->clear_batch();
        int row = 0;
        for (const Token token : next) row = (*engine)->add(0, token, position++, true);
        ASSERT_TRUE((*engine)->decode());
        const auto token = (*generation)->sample(row);
        ASSERT_TRUE(token) << token.error().message << " after " << text;
        has_ended = (*generation)->ends_answer(*token);
        if (!has_ended) text += (*generation)->take(*token).text;
        next = {*token};
      }
      text += (*generation)->finish(has_ended ? Ending::whole : Ending::cut).text;
      if (!has_ended) continue;  // a word without end
      const auto written = nlohmann::json::parse(text, nullptr, false);
      ASSERT_TRUE(written.is_array()) << text;
      EXPECT_EQ(written.size(), 12U);
      EXPECT_EQ(std::set<nlohmann::json>(written.begin(), written.end()).size(), 12U) << text;
      ++ended;
    }
  }
  EXPECT_GT(ended, 6);
}

}  // namespace
}  // namespace bastide::models::local
