#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/openai/chat_request.h"
#include "http_api/problem.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> nothing(Call&) { co_return Result<void>{}; }

TEST(Routes, match_segments_and_give_variables) {
  Routes routes;
  routes.add({"GET", "/api/documents/{}", Access::person, nothing});
  routes.add({"GET", "/api/documents/{}/pages/{}.png", Access::person, nothing});
  auto page = routes.find("GET", "/api/documents/doc_1/pages/12.png");
  ASSERT_TRUE(page.entry);
  EXPECT_EQ(page.variables, (std::vector<std::string>{"doc_1", "12"}));
  EXPECT_FALSE(routes.find("GET", "/api/documents/doc_1/pages/.png").entry);
  EXPECT_FALSE(routes.find("GET", "/api/documents/doc_1/pages/12.jpg").entry);
  EXPECT_FALSE(routes.find("GET", "/api/documents/").entry);
  auto other = routes.find("PUT", "/api/documents/doc_1");
  EXPECT_FALSE(other.entry);
  EXPECT_TRUE(other.other_method);
}

TEST(Problem, speaks_french_and_english) {
  Error error{Code::corrupt, "It is encrypted.", "password_protected", "Decrypt it."};
  auto english = parse_json(problem_json(error, "en")).value();
  auto french = parse_json(problem_json(error, "fr")).value();
  EXPECT_EQ(english["detail"], "It is encrypted.");
  EXPECT_EQ(french["detail"], "Ce fichier est protégé par un mot de passe.");
  EXPECT_EQ(french["code"], english["code"]);
  EXPECT_EQ(french["status"], 422);
}

TEST(Problem, every_code_has_a_french_sentence) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    Error error{static_cast<Code>(code), "English.", "", ""};
    EXPECT_NE(in_language(error, "fr").message, "English.") << code_name(error.code);
  }
}

TEST(Problem, openai_shape) {
  auto json = parse_json(openai_error_json({Code::unauthenticated, "No.", "", ""})).value();
  EXPECT_EQ(json["error"]["type"], "authentication_error");
  EXPECT_EQ(json["error"]["code"], "unauthenticated");
}

Result<ChatRequest> parse(const std::string& text) { return parse_chat_request(parse_json(text).value()); }

TEST(ChatRequest, reads_what_is_ours_and_passes_the_rest_on) {
  auto request =
      parse(R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":5,
    "messages":[{"role":"developer","content":"Be short."},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
    "tools":[{"type":"function"}],"min_p":0.1,"bastide":{"collections":["RH"],"label":"internal","quote_only":true}})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->stream);
  EXPECT_TRUE(request->include_usage);
  EXPECT_EQ(request->ask.messages[0].speaker, exchange::Speaker::system);
  EXPECT_EQ(request->ask.messages[1].text, "a\nb");
  EXPECT_TRUE(request->ask.messages[1].openai_json.empty());
  EXPECT_EQ(request->ask.max_tokens, 5);
  EXPECT_EQ(request->ask.collections, std::vector<std::string>{"RH"});
  EXPECT_EQ(request->ask.label, "internal");
  EXPECT_TRUE(request->ask.quote_only);
  auto extra = parse_json(request->ask.extra_json).value();
  EXPECT_EQ(extra.size(), 2U);
  EXPECT_TRUE(extra.contains("tools") && extra.contains("min_p"));
}

TEST(ChatRequest, images_and_tool_calls_travel_beside_the_text) {
  auto request = parse(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:"}}]}]})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ask.messages[0].text, "see");
  EXPECT_NE(request->ask.messages[0].openai_json.find("image_url"), std::string::npos);
}

TEST(ChatRequest, names_the_field_that_is_wrong) {
  for (auto [text, detail] :
       {std::pair{R"({"messages":[]})", "invalid_messages"},
        {R"({"messages":[{"role":"wizard","content":"x"}]})", "invalid_messages"},
        {R"({"messages":[{"role":"user","content":3}]})", "invalid_content"},
        {R"({"messages":[{"role":"user","content":"x"}],"temperature":9})", "invalid_temperature"},
        {R"({"messages":[{"role":"user","content":"x"}],"n":2})", "invalid_n"},
        {R"({"messages":[{"role":"user","content":"x"}],"stop":[1]})", "invalid_stop"}}) {
    auto request = parse(text);
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().detail, detail);
  }
}

}  // namespace
}  // namespace bastide::http_api
