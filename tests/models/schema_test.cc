// What a schema's grammar accepts, by llama.cpp's own reading of it. schemas.json has a line for each case:
// texts that are accepted and texts that are not, or the keyword that is refused and where it stands.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "models/schema/format.h"
#include "models/schema/grammar.h"
#include "models/schema/keywords.h"
#include "tests/models/grammar_reader.h"
#include "tests/models/scratch.h"

namespace bastide::models::schema {
namespace {

using Json = nlohmann::ordered_json;
using Reader = test::GrammarReader;

TEST(Schema, AcceptsWhatIsValidAndRefusesByName) {
  const auto cases = Json::parse(test::read_file(BASTIDE_SOURCE_DIR "/tests/models/schemas.json"));
  ASSERT_GT(cases.size(), 100U);
  for (const auto& each : cases) {
    const auto about = each.at("about").get<std::string>();
    const auto grammar = grammar_of(each.at("schema"), "schema", "json-");
    if (each.contains("refused")) {
      ASSERT_FALSE(grammar) << about;
      EXPECT_EQ(grammar.error().code, Code::invalid) << about;
      EXPECT_EQ(grammar.error().detail, "bad_request") << about;
      const auto& message = grammar.error().message;
      EXPECT_TRUE(message.starts_with("schema" + each.value("place", "") + ": ")) << about << ": " << message;
      EXPECT_NE(message.find(each.at("refused")), std::string::npos) << about << ": " << message;
      continue;
    }
    ASSERT_TRUE(grammar) << about << ": " << grammar.error().message;
    const Reader reader(*grammar);
    ASSERT_TRUE(reader.is_grammar()) << about << "\n" << grammar->rules;
    for (const auto& text : each.at("accepts")) EXPECT_TRUE(reader.accepts(text)) << about << ": " << text;
    for (const auto& text : each.at("rejects")) EXPECT_FALSE(reader.accepts(text)) << about << ": " << text;
  }
}

TEST(Schema, CountsIntoTheThousands) {
  const auto texts = grammar_of(Json::parse(R"({"type":"string","maxLength":2500})"), "schema", "json-");
  ASSERT_TRUE(texts);
  const Reader reader(*texts);
  const auto text = [](std::size_t size) { return "\"" + std::string(size, 'a') + "\""; };
  for (const std::size_t size : {0U, 999U, 1000U, 1001U, 2000U, 2499U, 2500U})
    EXPECT_TRUE(reader.accepts(text(size))) << size;
  EXPECT_FALSE(reader.accepts(text(2501)));
  const auto items =
      grammar_of(Json::parse(R"({"items":{"const":1},"minItems":2100,"maxItems":2102,"type":"array"})"),
                 "schema", "json-");
  ASSERT_TRUE(items);
  const auto list = [](std::size_t size) {
    std::string out = "[1";
    while (--size > 0) out += ",1";
    return out + "]";
  };
  EXPECT_FALSE(Reader(*items).accepts(list(2099)));
  EXPECT_TRUE(Reader(*items).accepts(list(2101)));
  EXPECT_FALSE(Reader(*items).accepts(list(2103)));
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t each = 0; each < times; ++each) out += text;
  return out;
}

/// An object of so many properties, each as `of` says with its number for %.
Json properties(std::size_t count, const std::string& of) {
  Json out = Json::object();
  for (std::size_t each = 0; each < count; ++each) {
    auto text = of;
    while (text.find('%') != std::string::npos) text.replace(text.find('%'), 1, std::to_string(each));
    out["p" + std::to_string(each)] = Json::parse(text);
  }
  return out;
}

TEST(Schema, HostileOnesEndSoonAndSmall) {
  std::vector<Json> hostile{
      Json::parse(repeated(R"({"items":)", 3000) + "{}" + repeated("}", 3000)),
      Json::parse(R"({"type":"array","minItems":100000})"),
      Json::parse(
          R"({"type":"array","items":{"type":"array","items":{"type":"integer"},"minItems":9000},"minItems":9000})"),
      Json::parse(R"({"type":"string","maxLength":1000000000})"),
      Json::parse(R"({"type":"string","minLength":1000000000})"),
      Json::parse(R"({"type":"string","pattern":"^[a-z]{1,100000}$"})"),
      Json::parse(R"({"type":"string","pattern":"^(((a{1,99}){1,99}){1,99}){1,99}$"})"),
      Json::parse(R"({"type":"string","pattern":"a.{30}b.{30}c"})"),
      Json{{"type", "string"}, {"pattern", repeated("(", 2000) + "a" + repeated(")", 2000)}},
      Json::parse(R"({"type":"integer","multipleOf":999999937,"minimum":1})"),
      Json::parse(R"({"type":"number","minimum":1e300,"maximum":1e308})"),
      Json::parse(R"({"type":"number","minimum":1e-300})"),
      Json::parse(R"({"$ref":"#"})"),
      Json::parse(R"({"allOf":[{"$ref":"#"}]})"),
      Json::parse(R"({"not":{"$ref":"#"}})"),
      Json::parse(R"({"oneOf":[{"$ref":"#/oneOf/1"},{"$ref":"#/oneOf/0"}]})"),
      {{"type", "object"}, {"properties", properties(8000, R"({"type":"string","maxLength":9})")}},
      {{"type", "object"},
       {"properties", properties(2000, "true")},
       {"minProperties", 900},
       {"maxProperties", 1800}},
      {{"type", "object"}, {"properties", properties(300, R"({"type":"string","pattern":"x%.{9}y"})")}},
      {{"type", "object"}, {"dependentSchemas", properties(40, R"({"required":["q%"]})")}},
      {{"type", "object"}, {"patternProperties", {{"a.{9}b", 1}, {"c.{9}d", true}, {"e.{9}f", true}}}},
  };
  Json wide = Json::array();
  Json apart = Json::array();
  for (int each = 0; each < 60; ++each) {
    wide.push_back(
        {{"anyOf",
          {{{"required", {"a" + std::to_string(each)}}}, {{"required", {"b" + std::to_string(each)}}}}}});
    apart.push_back(
        {{"type", "object"}, {"properties", properties(60, R"({"type":"object","required":["%"]})")}});
    auto& required = apart.back()["required"];
    for (int name = 0; name < 60; ++name) required.push_back("p" + std::to_string(name));
  }
  hostile.push_back({{"allOf", wide}});
  hostile.push_back({{"oneOf", apart}});
  Json doubling = Json::object();
  for (int each = 0; each < 60; ++each) {
    const Json next{{"$ref", "#/$defs/d" + std::to_string(each + 1)}};
    doubling["d" + std::to_string(each)] = {
        {"type", "object"}, {"properties", {{"a", next}, {"b", next}}}, {"anyOf", {next, next}}};
  }
  Json chain = Json::object();
  for (int each = 0; each < 5000; ++each)
    chain["d" + std::to_string(each)] = {{"$ref", "#/$defs/d" + std::to_string(each + 1)}};
  chain["d5000"] = true;
  hostile.push_back({{"$defs", chain}, {"$ref", "#/$defs/d0"}});
  hostile.push_back({{"$defs", chain}, {"not", {{"$ref", "#/$defs/d0"}}}});
  doubling["d60"] = true;
  hostile.push_back({{"$defs", doubling}, {"$ref", "#/$defs/d0"}});
  for (const auto& each : hostile) {
    const auto begin = std::chrono::steady_clock::now();
    const auto grammar = grammar_of(each, "schema", "json-");
    const auto text = each.dump().substr(0, 100);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << text;
    if (grammar) {
      EXPECT_LT(grammar->rules.size(), 4U << 20) << text;
      EXPECT_TRUE(Reader(*grammar).is_grammar()) << text;
    } else {
      EXPECT_LT(grammar.error().message.size(), 1000U) << text;
    }
  }
}

TEST(Schema, DocumentationHasEveryKeyword) {
  const auto text = test::read_file(BASTIDE_SOURCE_DIR "/docs/inference.md");
  const auto begin = text.find("| keyword |");
  ASSERT_NE(begin, std::string::npos);
  const auto table = text.substr(begin, text.find("\n\n", begin) - begin);
  std::set<std::string> documented;
  for (auto line = table.find("\n| "); line != std::string::npos; line = table.find("\n| ", line + 1)) {
    const auto cell = table.substr(line + 3, table.find(" |", line + 3) - line - 3);
    for (auto at = cell.find('`'); at != std::string::npos;) {
      const auto end = cell.find('`', at + 1);
      documented.insert(cell.substr(at + 1, end - at - 1));
      at = cell.find('`', end + 1);
    }
  }
  std::set<std::string> known;
  for (const auto& each : keywords()) known.emplace(each.name);
  EXPECT_EQ(documented, known);
  for (const auto format : kept_formats())
    EXPECT_NE(table.find("`" + std::string(format) + "`"), std::string::npos) << format;
}

}  // namespace
}  // namespace bastide::models::schema
