#include <gtest/gtest.h>
#include <json-schema-to-grammar.h>

#include "models/local/llama_impl.h"
#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

constexpr const char* shop = R"({"type": "object", "properties": {"name": {"type": "string"},
  "opening_hours": {"type": "object", "properties": {"élève": {"type": "integer"}}, "required": ["élève"]},
  "kind": {"enum": ["bakery", "butcher"]}}, "required": ["name", "opening_hours", "kind"], "additionalProperties": false})";

std::unique_ptr<ForcedText> forced_of(const char* schema) {
  return ForcedText::of(json_schema_to_grammar(common_json::parse(schema)));
}

TEST(ForcedText, TellsKeysAndBracketsOfASchema) {
  const auto forced = forced_of(shop);
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->next(100), R"({"name":")");
  EXPECT_EQ(forced->next(100), R"({"name":")") << "asking changes nothing";
  EXPECT_EQ(forced->next(4), R"({"na)");
  forced->feed(R"({"na)");
  EXPECT_EQ(forced->next(100), R"(me":")");
  forced->feed("me\": \"A");
  EXPECT_EQ(forced->next(100), "") << "a name is free";
  forced->feed("nn\"");
  EXPECT_EQ(forced->next(100), R"(,"opening_hours": {"élève":)") << "with the space of the first colon";
  forced->feed(R"(, "opening_hours": {)");
  EXPECT_EQ(forced->next(100), R"("élève":)");
  forced->feed("\"\xC3");
  EXPECT_EQ(forced->next(100), "") << "half a character";
  forced->feed("\xA9l");
  EXPECT_EQ(forced->next(100), R"(ève":)");
  forced->feed(R"(ève": 3}, )");
  EXPECT_EQ(forced->next(100), R"("kind": "b)") << "two begin alike";
  forced->feed(R"("kind": "ba)");
  EXPECT_EQ(forced->next(100), R"(kery"})");
  forced->feed(R"(kery"})");
  EXPECT_EQ(forced->next(100), "");
}

TEST(ForcedText, SaysNothingOfWhatItDoesNotUnderstand) {
  EXPECT_FALSE(ForcedText::of("root ::= missing"));
  EXPECT_FALSE(ForcedText::of("root ::= \"open"));
  const auto forced = forced_of(shop);
  forced->feed("no JSON at all");
  EXPECT_EQ(forced->next(100), "");
  forced->feed("{");
  EXPECT_EQ(forced->next(100), "");
  const auto free = ForcedText::of("root ::= .*");
  ASSERT_TRUE(free);
  EXPECT_EQ(free->next(100), "");
}

TEST(ForcedText, IsGuessedAsTokens) {
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
  const auto whole = *(*engine)->tokenize(R"({"name":")");
  EXPECT_FALSE(std::ranges::search(whole, tokens).empty());
}

}  // namespace
}  // namespace bastide::models::local
