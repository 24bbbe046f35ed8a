#include "models/providers/openai_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bastide::models {
namespace {

using exchange::Message;
using exchange::Speaker;

nlohmann::json body_of(const exchange::ModelCall& call, BodyOptions options = {}) {
  const auto text = chat_body(call, options);
  EXPECT_TRUE(text);
  return nlohmann::json::parse(text ? *text : "null");
}

TEST(OpenAiRequest, WritesTheCall) {
  exchange::ModelCall call;
  call.messages = {{Speaker::system, "Be brief."}, {Speaker::user, "Quoi \"de\" neuf ?"}};
  call.max_tokens = 9;
  call.temperature = 0.5;
  call.stop_words = {"END"};
  call.extra_json =
      R"({"top_k":3,"model":"other","n":4,"stream":false,"bastide":{"label":"secret"},"user":"u"})";
  const auto body = body_of(call, {.model = "up"});
  EXPECT_EQ(body["model"], "up");
  EXPECT_EQ(body["messages"][0]["role"], "system");
  EXPECT_EQ(body["messages"][1]["content"], "Quoi \"de\" neuf ?");
  EXPECT_EQ(body["max_tokens"], 9);
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
  EXPECT_EQ(body["top_k"], 3);
  EXPECT_FALSE(body.contains("n"));
  EXPECT_FALSE(body.contains("bastide")) << "ours stays at home";
  const auto newer = body_of(
      call, {.model = "up", .limit = LimitField::max_completion_tokens, .usage = UsageInStream::leave});
  EXPECT_EQ(newer["max_completion_tokens"], 9);
  EXPECT_FALSE(newer.contains("max_tokens"));
  EXPECT_FALSE(newer.contains("stream_options"));
}

TEST(OpenAiRequest, TextComesFromWhatTheGuardHasSeen) {
  exchange::ModelCall call;
  call.messages = {
      {Speaker::user, "masked",
       R"({"role":"user","content":[{"type":"text","text":"jean@example.org"},{"type":"image_url","image_url":{"url":"data:x"}}]})"},
      {Speaker::assistant, "",
       R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function"}]})"},
      {Speaker::tool, "42 °C", R"({"role":"tool","tool_call_id":"c1","content":"raw text"})"}};
  const auto text = chat_body(call, {});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("jean@example.org"), std::string::npos);
  EXPECT_EQ(text->find("raw text"), std::string::npos);
  const auto body = nlohmann::json::parse(*text);
  EXPECT_EQ(body["messages"][0]["content"][0]["text"], "masked");
  EXPECT_EQ(body["messages"][0]["content"][1]["type"], "image_url");
  EXPECT_EQ(body["messages"][1]["tool_calls"][0]["id"], "c1");
  EXPECT_TRUE(body["messages"][1]["content"].is_null());
  EXPECT_EQ(body["messages"][2]["tool_call_id"], "c1");
  EXPECT_EQ(body["messages"][2]["content"], "42 °C");
}

TEST(OpenAiRequest, RefusesBrokenJson) {
  exchange::ModelCall call;
  call.messages = {{Speaker::user, "x", "{"}};
  EXPECT_EQ(chat_body(call, {}).error().code, Code::invalid);
  call.messages = {{Speaker::user, "x"}};
  call.extra_json = "[]";
  EXPECT_EQ(chat_body(call, {}).error().code, Code::invalid);
}

TEST(OpenAiRequest, EstimatesUpwards) {
  const std::vector<Message> messages{{Speaker::user, "éééé"}};
  EXPECT_EQ(estimate_tokens(messages), 2);
  EXPECT_EQ(estimate_tokens(std::size_t{0}), 0);
}

}  // namespace
}  // namespace bastide::models
