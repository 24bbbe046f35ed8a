#include "models/local/tool_schemas.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/local/schema_rules.h"

namespace bastide::models::local {
namespace {

using Json = nlohmann::ordered_json;

Json call_with(const Json& parameters, bool is_strict) {
  const Json function{{"name", "get_weather"}, {"parameters", parameters}, {"strict", is_strict}};
  return {{"tools", {{{"type", "function"}, {"function", function}}}}};
}

TEST(ToolSchemas, StrictOnesAreKeptOrRefused) {
  const auto unique =
      Json::parse(R"({"type":"object","properties":{"towns":{"type":"array","uniqueItems":true,
      "items":{"type":"string"}}},"required":["towns"],"additionalProperties":false})");
  const auto refused = read_tool_schemas(call_with(unique, true), schema::Notation::json);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(
      refused.error().message.starts_with("tools[0].function.parameters/properties/towns: \"uniqueItems\""))
      << refused.error().message;
  const auto free = read_tool_schemas(call_with(unique, false), schema::Notation::json);
  ASSERT_TRUE(free) << "as llama.cpp keeps it";
  EXPECT_TRUE(free->empty());
  const auto strict =
      read_tool_schemas(call_with(Json::parse(R"({"type":"object"})"), true), schema::Notation::json);
  ASSERT_TRUE(strict);
  ASSERT_EQ(strict->size(), 1U);
  EXPECT_EQ(strict->front().name, "get_weather");
  EXPECT_TRUE(
      read_tool_schemas(Json::parse(R"({"tools":[1,{"function":{}},{"function":{"parameters":[]}}]})"),
                        schema::Notation::json));
  EXPECT_TRUE(read_tool_schemas(Json::parse(R"({"tools":null})"), schema::Notation::json));
}

TEST(ToolSchemas, WhereArgumentsAreNoJsonTheOthersAreKeptAsFarAsTheyCanBe) {
  const auto gemma4 = schema::Notation::gemma4;
  EXPECT_EQ(
      read_tool_schemas(call_with(Json::parse(R"({"properties":{"a":{"type":"integer"}}})"), false), gemma4)
          ->size(),
      1U);
  const auto unique = Json::parse(
      R"({"type":"object","properties":{"towns":{"type":"array","uniqueItems":true}},"required":["towns"]})");
  const auto free = read_tool_schemas(call_with(unique, false), gemma4);
  ASSERT_TRUE(free);
  EXPECT_TRUE(free->empty()) << "any arguments";
  EXPECT_FALSE(read_tool_schemas(call_with(unique, true), gemma4));
}

TEST(ToolSchemas, NoneIsTooLargeForTheConverter) {
  Json many = Json::object();
  for (int each = 0; each < 300; ++each) many["p" + std::to_string(each)] = {{"type", "string"}};
  Json deep = true;
  for (int each = 0; each < 200; ++each) deep = Json{{"items", deep}};
  Json doubling = Json::object();
  for (int each = 0; each < 60; ++each) {
    const Json next{{"$ref", "#/$defs/d" + std::to_string(each + 1)}};
    doubling["d" + std::to_string(each)] = {{"anyOf", {next, next}}};
  }
  doubling["d60"] = true;
  for (const Json& hostile : {Json{{"type", "object"}, {"properties", many}}, deep,
                              Json{{"properties", {{std::string(60'000, '_'), true}}}},
                              Json{{"$defs", doubling}, {"$ref", "#/$defs/d0"}}}) {
    const auto refused = read_tool_schemas(call_with(hostile, false), schema::Notation::json);
    ASSERT_FALSE(refused) << hostile.dump().substr(0, 80);
    EXPECT_TRUE(refused.error().message.starts_with("tools[0].function.parameters: "))
        << refused.error().message;
  }
}

TEST(SchemaRules, TakesTheRulesOfASchema) {
  const schema::Grammar schema{"json-0", "json-0 ::= \"1\"\n"};
  EXPECT_EQ(whole_grammar(schema), "root ::= json-0\njson-0 ::= \"1\"\n");
  const auto value = Json::parse(schema_stand_in).at("const").dump();
  std::string made = "root ::= answer\nanswer ::= " + Json(value).dump() + "\n";
  EXPECT_TRUE(replace_stand_in(made, schema));
  EXPECT_EQ(made, "root ::= answer\nanswer ::= json-0\njson-0 ::= \"1\"\n");
  EXPECT_FALSE(replace_stand_in(made, schema));

  std::string tools =
      "root ::= tool-get-weather-schema\ntool-get-weather-schema ::= \"{\" space \"}\"\nspace ::= \" \"";
  EXPECT_TRUE(replace_tool_rule(tools, "get_weather", schema));
  EXPECT_EQ(tools,
            "root ::= tool-get-weather-schema\ntool-get-weather-schema ::= json-0\nspace ::= \" \"\njson-0 "
            "::= \"1\"\n");
  EXPECT_FALSE(replace_tool_rule(tools, "get", schema));
  std::string gemma = "root ::= tool-get\ntool-get ::= \"get\" gemma4-dict\ngemma4-dict ::= \"{\" \"}\"";
  EXPECT_TRUE(replace_tool_rule(gemma, "get", schema));
  EXPECT_EQ(
      gemma,
      "root ::= tool-get\ntool-get ::= \"get\" json-0\ngemma4-dict ::= \"{\" \"}\"\njson-0 ::= \"1\"\n");

  std::string prompt = "Answer as {\"const\": " + value + "} says.";
  show_schema(prompt, "{\"type\":\"integer\"}");
  EXPECT_EQ(prompt, "Answer as {\"type\":\"integer\"} says.");
  std::string talk = "What is {" + value + "}?";
  show_schema(talk, "{}");
  EXPECT_EQ(talk, "What is {" + value + "}?") << "somebody's own words";
}

}  // namespace
}  // namespace bastide::models::local
