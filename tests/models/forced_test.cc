#include <gtest/gtest.h>
#include <json-schema-to-grammar.h>

#include "models/local/llama_impl.h"
#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

constexpr const char* shop = R"({"type": "object", "properties": {"name": {"type": "string"},
  "opening_hours": {"type": "object", "properties": {"élève": {"type": "integer"}}, "required": ["élève"]},
  "kind": {"enum": ["bakery", "butcher"]}}, "required": ["name", "opening_hours", "kind"], "additionalProperties": false})";

std::unique_ptr<Grammar> grammar_of(const char* schema) {
  return Grammar::of(nullptr, json_schema_to_grammar(common_json::parse(schema)));
}

TEST(Forced, TellsKeysAndBracketsOfASchema) {
  const auto grammar = grammar_of(shop);
  ASSERT_TRUE(grammar);
  EXPECT_EQ(grammar->forced(100), "{\n  \"name\": \"") << "as models print it";
  EXPECT_EQ(grammar->forced(100), "{\n  \"name\": \"") << "asking changes nothing";
  EXPECT_EQ(grammar->forced(6), "{\n  \"n");
  grammar->accept(R"({"na)");
  EXPECT_EQ(grammar->forced(100), "me\":\"") << "it began on one line without space";
  grammar->accept("me\": \"A");
  EXPECT_EQ(grammar->forced(100), "") << "a name is free";
  grammar->accept("nn\"");
  EXPECT_EQ(grammar->forced(100), R"(,"opening_hours": {"élève":)") << "with the space of the first colon";
  grammar->accept(R"(, "opening_hours": {)");
  EXPECT_EQ(grammar->forced(100), R"("élève":)");
  grammar->accept("\"\xC3");
  EXPECT_EQ(grammar->forced(100), "") << "half a character";
  grammar->accept("\xA9l");
  EXPECT_EQ(grammar->forced(100), R"(ève":)");
  grammar->accept(R"(ève": 3},)");
  EXPECT_EQ(grammar->forced(100), R"( "kind": "b)") << "with the space of the first comma; two begin alike";
  grammar->accept(R"( "kind": "ba)");
  EXPECT_EQ(grammar->forced(100), R"(kery"})");
  grammar->accept(R"(kery"})");
  EXPECT_EQ(grammar->forced(100), "");
}

TEST(Forced, IndentsAsTheAnswerDoes) {
  const auto grammar = grammar_of(shop);
  grammar->accept("{\n    \"name\" : \"x\\\": {\",\n");
  EXPECT_EQ(grammar->forced(100), "    \"opening_hours\": {\n        \"élève\":") << "twice four deep";
  grammar->accept("    \"opening_hours\": {\n        \"élève\":3");
  EXPECT_EQ(grammar->forced(8), "") << "more digits may come";
  grammar->accept("\n    }");
  EXPECT_EQ(grammar->forced(100), ",\n    \"kind\":\"b") << "the last colon had no space after it";
  grammar->accept(", \"kind\": \"bakery\"");
  EXPECT_EQ(grammar->forced(100), "\n}");
}

/// Whether an answer under the shop's schema may begin so.
bool may_begin(const std::string& text) try {
  grammar_of(shop)->accept(text);
  return true;
} catch (const std::exception&) {
  return false;
}

TEST(Forced, TellsWithWhatBytesItMayGoOnAndWithWhichAfterASpace) {
  for (const std::string before :
       {"", "{", "{\n  ", R"({"na)", R"({"name")", R"({"name":)", R"({"name": "A)", R"({"name": "A",)",
        R"({"name": "A", "opening_hours": {"élève": )", R"({"name": "A", "opening_hours": {"élève": 3)",
        R"({"name": "A", "opening_hours": {"élève": 3}, "kind": "b)",
        R"({"name": "A", "opening_hours": {"élève": 3}, "kind": "bakery")"}) {
    const auto grammar = grammar_of(shop);
    grammar->accept(before);
    const auto bytes = grammar->first_bytes(), after_space = grammar->first_bytes(" ");
    EXPECT_EQ(grammar->first_bytes(), bytes) << "asking changes nothing";
    for (char c = ' '; c < '\x7f'; ++c) {
      const auto byte = static_cast<std::size_t>(c);
      EXPECT_EQ(bytes[byte], may_begin(before + c)) << before << c;
      EXPECT_EQ(after_space[byte], may_begin(before + ' ' + c)) << before << ' ' << c;
    }
  }
}

TEST(Forced, SaysNothingOfWhatItDoesNotUnderstand) {
  EXPECT_FALSE(Grammar::of(nullptr, "root ::= missing"));
  EXPECT_FALSE(Grammar::of(nullptr, "root ::= \"open"));
  const auto grammar = grammar_of(shop);
  EXPECT_THROW(grammar->accept("no JSON at all"), std::exception);
  EXPECT_EQ(grammar->forced(100), "");
  const auto free = Grammar::of(nullptr, "root ::= .*");
  ASSERT_TRUE(free);
  EXPECT_EQ(free->forced(100), "");
}

TEST(Forced, PutsNoSpaceThatTheGrammarRefuses) {
  const auto grammar = Grammar::of(nullptr, R"(root ::= "{" " "? "\"key\"" [ \t\n]* ":" "1" "}")");
  ASSERT_TRUE(grammar);
  EXPECT_EQ(grammar->forced(100), "{") << "a line break would not be allowed";
  grammar->accept("{");
  EXPECT_EQ(grammar->forced(100), "");
  grammar->accept(" \"key\"");
  EXPECT_EQ(grammar->forced(100), ":1}");
}

TEST(Forced, IsGuessedAsTokens) {
  const auto found = test::demo_model("smollm2-135m");
  if (!found) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
  EngineOptions options;
  options.file = found->file;
  options.slots = 1;
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine);
  const std::string question = R"({"messages":[{"role":"user","content":"A shop, please."}],"json_schema":)";
  const auto generation = (*engine)->prepare(question + shop + "}");
  ASSERT_TRUE(generation) << generation.error().message;
  const auto tokens = (*generation)->forced(6);
  EXPECT_GE(tokens.size(), 2U);
  EXPECT_LE((*generation)->forced(2).size(), 2U);
  EXPECT_EQ((*generation)->forced(0), std::vector<Token>());
  const auto whole = *(*engine)->tokenize("{\n  \"name\": \"");
  EXPECT_FALSE(std::ranges::search(whole, tokens).empty());
}

/// What the engine answers, alone, in tokens.
std::vector<Token> answer(Engine& engine, const std::string& fields) {
  const std::string question =
      R"({"messages":[{"role":"user","content":"Describe a shop."}],"temperature":0.9,)" + fields + "}";
  const auto generation = engine.prepare(question);
  EXPECT_TRUE(generation) << generation.error().message;
  std::vector<Token> out, next = (*generation)->prompt();
  int position = 0;
  engine.forget(0, 0);
  while (out.size() < 64) {
    engine.clear_batch();
    int row = 0;
    for (const Token token : next) row = engine.add(0, token, position++, true);
    EXPECT_TRUE(engine.decode());
    const auto token = (*generation)->sample(row);
    EXPECT_TRUE(token) << token.error().message;
    if (!token || (*generation)->ends_answer(*token)) break;
    out.push_back(*token);
    next = {*token};
  }
  return out;
}

TEST(Forced, TheLikeliestAllowedAreFoundWithoutAskingAboutAll) {
  const auto found = test::demo_model("smollm2-135m");
  if (!found) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
  EngineOptions options;
  options.file = found->file;
  options.slots = 1;
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine);
  for (int seed = 1; seed <= 4; ++seed) {
    const std::string fields = R"("json_schema":)" + std::string(shop) + R"(,"seed":)" + std::to_string(seed);
    const auto few = answer(**engine, fields);
    EXPECT_GT(few.size(), 12U);
    // A bias, be it of nothing, has all of the vocabulary asked.
    EXPECT_EQ(few, answer(**engine, fields + R"(,"logit_bias":{"5":0})")) << seed;
  }
}

}  // namespace
}  // namespace bastide::models::local
