#include "dialects/moderations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace bastide::dialects {
namespace {

using Of = ModerationRequest::Of;
using testing::ElementsAre;

std::vector<std::string> texts_of(const ModerationRequest& request) {
  std::vector<std::string> out;
  for (const auto& leaf : request.leaves) out.push_back(leaf.text + "@" + std::to_string(leaf.input));
  return out;
}

TEST(Moderations, texts_parts_and_conversations_are_found) {
  auto one = decode_moderation(Dialect::openai, Of::texts, R"({"input":"a"})");
  ASSERT_TRUE(one);
  EXPECT_THAT(texts_of(*one), ElementsAre("a@0"));
  auto list = decode_moderation(Dialect::openai, Of::texts, R"({"model":"m","input":["a","b"]})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->inputs, 2U);
  EXPECT_THAT(texts_of(*list), ElementsAre("a@0", "b@1"));
  auto parts = decode_moderation(
      Dialect::openai, Of::texts,
      R"({"input":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]})");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->inputs, 1U);
  EXPECT_TRUE(parts->has_media);
  EXPECT_THAT(texts_of(*parts), ElementsAre("a@0")) << "an address is no text";
  auto talk = decode_moderation(
      Dialect::mistral, Of::conversations,
      R"({"model":"m","input":[[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":"b"}]}],[{"role":"user","content":"c"}]]})");
  ASSERT_TRUE(talk) << talk.error().message;
  EXPECT_EQ(talk->inputs, 2U);
  EXPECT_THAT(texts_of(*talk), ElementsAre("a@0", "b@0", "c@1"));
}

TEST(Moderations, what_leaves_stands_in_its_place) {
  const auto request = decode_moderation(
      Dialect::openai, Of::texts,
      R"({"model":"m","input":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"text","text":"b"}],"new":1})");
  ASSERT_TRUE(request);
  Losses losses;
  const auto call = encode_moderation(Dialect::openai, *request, {"[A]", "[B]"}, "up", losses);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->path, "/moderations");
  EXPECT_EQ(parse_json(call->body).value(), parse_json(R"({"model":"up","input":[{"type":"text","text":"[A]"},
      {"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"text","text":"[B]"}],"new":1})")
                                                .value());
  EXPECT_TRUE(losses.empty());
  (void)encode_moderation(Dialect::mistral, *request, {"[A]", "[B]"}, "up", losses);
  EXPECT_EQ(refuse_losses(losses).error().detail, "field:input") << "Mistral judges no images";
  EXPECT_EQ(encode_moderation(Dialect::openai, *request, {"[A]"}, "up", losses).error().code, Code::internal);
}

TEST(Moderations, of_two_inputs_the_last_one_counts) {
  const auto request = decode_moderation(Dialect::openai, Of::texts, R"({"input":["a","b"],"input":"c"})");
  ASSERT_TRUE(request);
  EXPECT_THAT(texts_of(*request), ElementsAre("c@0"));
  Losses losses;
  EXPECT_EQ(encode_moderation(Dialect::openai, *request, {"[C]"}, "up", losses)->body,
            R"({"model":"up","input":"[C]"})");
}

TEST(Moderations, conversations_are_mistrals) {
  const auto request = decode_moderation(Dialect::mistral, Of::conversations,
                                         R"({"model":"m","input":[{"role":"user","content":"a"}]})");
  ASSERT_TRUE(request);
  Losses losses;
  const auto call = encode_moderation(Dialect::mistral, *request, {"a"}, "up", losses);
  EXPECT_EQ(call->path, "/chat/moderations");
  EXPECT_TRUE(losses.empty());
  (void)encode_moderation(Dialect::openai, *request, {"a"}, "up", losses);
  EXPECT_EQ(refuse_losses(losses).error().detail, "field:input");
}

TEST(Moderations, wrong_input_is_named) {
  for (const auto* body : {R"({})", R"({"input":[]})", R"({"input":7})", R"({"input":["a",1]})"})
    EXPECT_EQ(decode_moderation(Dialect::openai, Of::texts, body).error().detail, "invalid_input") << body;
  EXPECT_EQ(decode_moderation(Dialect::mistral, Of::conversations, R"({"input":"a"})").error().detail,
            "invalid_input");
}

TEST(Moderations, openais_clients_are_told_what_was_flagged) {
  const std::string mistrals =
      R"({"id":"1","model":"m","results":[{"categories":{"pii":true},"category_scores":{"pii":0.9}},{"categories":{"pii":false}}]})";
  const auto told = translate_moderation(Dialect::mistral, Dialect::openai, mistrals);
  ASSERT_TRUE(told);
  const auto json = parse_json(*told).value();
  EXPECT_EQ(json["results"][0]["flagged"], true);
  EXPECT_EQ(json["results"][0]["category_scores"]["pii"], 0.9);
  EXPECT_EQ(json["results"][1]["flagged"], false);
  EXPECT_EQ(translate_moderation(Dialect::mistral, Dialect::mistral, mistrals).value(), mistrals);
  EXPECT_EQ(translate_moderation(Dialect::openai, Dialect::openai, "{}").error().detail, "invalid_json");
}

TEST(Moderations, judgements_tell_only_what_was_looked_for) {
  const auto json = parse_json(encode_judgements("modr_1", "own", {{{{"pii", 0.8}, {"secret", 0}}}})).value();
  EXPECT_EQ(json["results"][0]["flagged"], true);
  EXPECT_EQ(json["results"][0]["categories"], parse_json(R"({"pii":true,"secret":false})").value());
  EXPECT_EQ(json["results"][0]["category_scores"]["pii"], 0.8);
}

}  // namespace
}  // namespace bastide::dialects
