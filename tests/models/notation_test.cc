// Schemas of a call's arguments as Gemma 4 writes them.
#include "models/schema/notation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/models/grammar_reader.h"

namespace bastide::models::schema {
namespace {

Result<Grammar> arguments(const char* schema) {
  return grammar_of(Json::parse(schema), "schema", "tool-", Notation::gemma4);
}

/// `text` with " for the mark of a string, which is long.
std::string marked(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '"' ? std::string(quote(Notation::gemma4)) : std::string(1, c);
  return out;
}

struct Case {
  const char* schema;
  std::vector<std::string> accepts, rejects;
};

TEST(Notation, ArgumentsAreHeldToTheirSchema) {
  const std::vector<Case> cases{
      {R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","maximum":9}},
           "required":["city"],"additionalProperties":false})",
       {R"({city:"Nîmes"})", R"({city:"",days:-2})", "{city:\"a \\ \n{}:, it's\"}", R"({city:"a < b"})"},
       {"{}", R"({city:"x",days:10})", R"({days:2})", R"({city:x})", R"({city:1})", R"({"city":"x"})",
        R"({city:"x",town:"y"})", R"({city: "x"})"}},
      // As the template shows them, whatever the order of the schema.
      {R"({"type":"object","properties":{"b":true,"C":{"const":1},"a":{"enum":["x",{"z":[],"y":"w"}]}},
           "required":["b","a"],"additionalProperties":false})",
       {R"({a:"x",b:null})", R"({a:{y:"w",z:[]},b:[{k:1}],C:1})"},
       {R"({b:null,a:"x"})", R"({a:"x",C:1,b:null})", R"({a:{z:[],y:"w"},b:1})"}},
      {R"({"properties":{"code":{"type":"string","pattern":"^[a-z|<]{2,4}$"}},"required":["code"],"type":"object"})",
       {R"({code:"ab"})", R"({code:"<|<|"})"},
       {R"({code:"a"})", R"({code:"AB"})"}},
      {R"({"properties":{"s":{"type":"string","maxLength":3}},"required":["s"],"type":"object"})",
       {R"({s:"é<|"})", R"({s:""})"},
       {R"({s:"abcd"})"}},
      {R"({"properties":{"s":{"type":"string","minLength":900}},"required":["s"],"type":"object"})",
       {"{s:\"" + std::string(900, 'a') + "\"}"},
       {"{s:\"" + std::string(899, 'a') + "\"}"}},
      // Free names end at their colon. Whatever the schema, arguments are an object.
      {R"({"additionalProperties":{"type":"boolean"}})",
       {"{}", "{a b:true}", "{é:true,e:false}"},
       {"{:true}", "{ a:true}", "{a}b:true}", "true", "{a:1}"}},
      {"{}", {"{}", R"({a:{b:["x",{c:1.5e3}]}})"}, {"[]", "1", R"("x")"}},
      {R"({"properties":{"tags":{"type":"array","uniqueItems":true,"items":{"enum":["a","b"]}},
           "many":{"enum":["q","w","e","r","t","y","u","i","o"]}}})",
       {R"({many:"o",tags:["b","a"]})", "{tags:[]}"},
       {R"({tags:["b","b"]})", R"({many:"a"})"}},
  };
  for (const auto& each : cases) {
    const auto grammar = arguments(each.schema);
    ASSERT_TRUE(grammar) << each.schema << ": " << grammar.error().message;
    const test::GrammarReader reader(*grammar);
    ASSERT_TRUE(reader.is_grammar()) << each.schema << "\n" << grammar->rules;
    for (const auto& text : each.accepts)
      EXPECT_TRUE(reader.accepts(marked(text))) << each.schema << " " << text;
    for (const auto& text : each.rejects)
      EXPECT_FALSE(reader.accepts(marked(text))) << each.schema << " " << text;
  }
}

TEST(Notation, NoStringHoldsTheMarkOfItsEnd) {
  for (const char* of :
       {R"({"type":"string"})", R"({"type":"string","minLength":1000})", R"({"pattern":"a"})"}) {
    const auto grammar = arguments(
        (std::string(R"({"type":"object","properties":{"s":)") + of + R"(},"required":["s"]})").c_str());
    ASSERT_TRUE(grammar);
    const std::string text(1000, 'a');
    const test::GrammarReader reader(*grammar);
    EXPECT_TRUE(reader.accepts(marked("{s:\"" + text + "\"}")));
    EXPECT_FALSE(reader.accepts(marked("{s:\"" + text + "\"" + text + "\"}")));
  }
}

TEST(Notation, WhatCannotBeToldIsLeftOutOrRefused) {
  const auto left = arguments(
      R"({"type":"object","properties":{"a:b":{"type":"string"},"c":{"enum":["x","<|\"|>"]}},"required":["c"]})");
  ASSERT_TRUE(left);
  const test::GrammarReader reader(*left);
  EXPECT_TRUE(reader.accepts(marked(R"({c:"x"})")));
  EXPECT_FALSE(reader.accepts(marked(R"({c:"""})")));
  const auto needed = arguments(R"({"type":"object","properties":{"a:b":true},"required":["a:b"]})");
  ASSERT_FALSE(needed);
  EXPECT_EQ(needed.error().message.find("schema: "), 0U) << needed.error().message;
  EXPECT_FALSE(arguments(R"({"type":"array"})"));
}

}  // namespace
}  // namespace bastide::models::schema
