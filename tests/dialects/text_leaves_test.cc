#include "dialects/text_leaves.h"

#include <gtest/gtest.h>

#include "dialects/codec.h"

namespace bastide::dialects {
namespace {

Result<void> shout(std::string& text) {
  for (auto& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return {};
}

TEST(TextLeaves, ReachesEveryTextOfARequest) {
  ChatRequest request;
  request.messages.push_back({Role::system, {text_part("system")}});
  Message user{Role::user, {text_part("user")}};
  user.parts.push_back({Media{.kind = Media::Kind::file, .text = "file"}});
  request.messages.push_back(user);
  Message assistant{Role::assistant};
  assistant.parts.push_back({Reasoning{"thought", {"summary"}}});
  assistant.parts.push_back({ToolCall{"c1", "look", R"({"name":"anna","n":[1,"two",null]})"}});
  request.messages.push_back(assistant);
  ToolResult result;
  result.call_id = "c1";
  result.parts.push_back(text_part("result"));
  request.messages.push_back({Role::tool, {{result}}});
  request.tools.push_back({"look", "describe", R"({"type":"object","description":"of anna"})"});
  request.others.push_back({Dialect::openai, "prediction", R"({"content":"guess"})"});

  ASSERT_TRUE(for_each_text(request, shout));
  EXPECT_EQ(text_of(request.messages[0].parts), "SYSTEM");
  EXPECT_EQ(std::get<Media>(request.messages[1].parts[1].content).text, "FILE");
  EXPECT_EQ(std::get<Reasoning>(request.messages[2].parts[0].content).summaries[0], "SUMMARY");
  EXPECT_EQ(std::get<ToolCall>(request.messages[2].parts[1].content).arguments,
            R"({"NAME":"ANNA","N":[1,"TWO",null]})");
  EXPECT_EQ(std::get<ToolCall>(request.messages[2].parts[1].content).name, "look");
  EXPECT_EQ(text_of(std::get<ToolResult>(request.messages[3].parts[0].content).parts), "RESULT");
  EXPECT_EQ(request.tools[0].schema_json, R"({"type":"object","description":"OF ANNA"})");
  EXPECT_EQ(request.others[0].json, R"({"content":"GUESS"})");
}

TEST(TextLeaves, LeavesJsonAsItStandsWhenNothingChanges) {
  std::string json = R"({ "a" : 1.0, "b" : "é\u00e9" })";
  const auto before = json;
  ASSERT_TRUE(for_each_json_string(json, [](std::string&) { return Result<void>{}; }));
  EXPECT_EQ(json, before);
}

TEST(TextLeaves, UnescapesWhatIsEscaped) {
  std::string seen;
  std::string json = R"({"a":"Ren\u00e9 \"x\""})";
  ASSERT_TRUE(for_each_json_string(json, [&](std::string& text) {
    seen = text;
    text = "a \"b\"";
    return Result<void>{};
  }));
  EXPECT_EQ(seen, "René \"x\"");
  EXPECT_EQ(json, R"({"a":"a \"b\""})");
}

TEST(TextLeaves, VisitsWhatIsNoJsonAsText) {
  std::string broken = R"({"a": "anna)";
  ASSERT_TRUE(for_each_json_string(broken, shout));
  EXPECT_EQ(broken, R"({"A": "ANNA)");
}

TEST(TextLeaves, StopsAtTheFirstError) {
  ChatRequest request;
  request.messages.push_back({Role::user, {text_part("a"), text_part("b")}});
  int visited = 0;
  const auto done = for_each_text(request, [&](std::string&) -> Result<void> {
    ++visited;
    return fail(Code::refused_by_policy, "A secret.");
  });
  EXPECT_FALSE(done);
  EXPECT_EQ(visited, 1);
}

TEST(TextLeaves, RefusesBottomlessJson) {
  std::string deep = std::string(200, '[') + std::string(200, ']');
  const auto done = for_each_json_string(deep, shout);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail, "json_too_deep");
}

TEST(Losses, RefuseMeaningAndWarnOfTheRest) {
  Losses losses;
  lose(losses, "seed", "Anthropic knows no seed.");
  EXPECT_TRUE(refuse_losses(losses));
  EXPECT_EQ(warning_of(losses), "seed: Anthropic knows no seed.");
  lose_meaning(losses, "messages[0].content[1].input_audio", "Anthropic reads no audio.");
  const auto refused = refuse_losses(losses);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported);
  EXPECT_EQ(refused.error().detail, "field:messages[0].content[1].input_audio");
}

TEST(Losses, WhatAsksForTextAloneAsksForNothing) {
  const auto losses_of = [](std::string_view modalities, const Codec& target) {
    auto request = codec_of(Dialect::gemini)
                       .decode_request(R"({"contents":[{"role":"user","parts":[{"text":"q"}]}],)"
                                       R"("generationConfig":{"responseModalities":)" +
                                           std::string(modalities) + "}}",
                                       {"m", false});
    EXPECT_TRUE(request) << request.error().message;
    Losses losses;
    EXPECT_TRUE(target.encode_request(*request, {}, losses));
    return losses;
  };
  for (const auto* target : {&openai_codec(), &anthropic_codec(), &mistral_codec(), &responses_codec()}) {
    for (const auto& loss : losses_of(R"(["TEXT"])", *target))
      EXPECT_EQ(loss.field.find("Modalities"), std::string::npos) << loss.field;
    EXPECT_FALSE(refuse_losses(losses_of(R"(["TEXT","IMAGE"])", *target)));
  }
}

TEST(Losses, KeepTheHeaderPrintableAndShort) {
  Losses losses;
  for (int i = 0; i < 100; ++i) lose(losses, "champ\r\né", "Perdu.");
  const auto warning = warning_of(losses);
  EXPECT_LE(warning.size(), 1024U);
  EXPECT_EQ(warning.find_first_of("\r\n"), std::string::npos);
}

}  // namespace
}  // namespace bastide::dialects
