#include "dialects/completions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dialects/infill.h"
#include "tests/dialects/wire.h"

namespace bastide::dialects {
namespace {

using Json = nlohmann::json;

std::string body_of(std::string_view more) {
  return R"({"model":"m","prompt":"Once","max_tokens":7)" + std::string(more) + "}";
}

Json encoded(const ChatRequest& request, Losses& losses) {
  EncodeOptions options;
  options.model = "m";
  options.limit = EncodeOptions::LimitField::max_completion_tokens;  // which this address does not know
  options.ask_usage = false;
  const auto body = completions_codec().encode_request(request, options, losses);
  EXPECT_TRUE(body) << body.error().message;
  return body ? Json::parse(*body) : Json();
}

TEST(Completions, GiveARequestBack) {
  const auto body = body_of(
      R"(,"suffix":"the end","temperature":0.5,"top_p":0.9,"stop":["X"],"logprobs":2,"seed":3,"stream":true,
      "logit_bias":{"5":1.0},"user":"u","min_tokens":1,"frequency_penalty":0.5,"presence_penalty":1.0)");
  const auto request = completions_codec().decode_request(body, {});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(form_of(*request), Form::gap);
  EXPECT_EQ(gap_of(*request).before, "Once");
  EXPECT_EQ(gap_of(*request).after, "the end");
  Losses losses;
  EXPECT_EQ(encoded(*request, losses), Json::parse(body));
  EXPECT_TRUE(losses.empty());
  EXPECT_EQ(completions_codec().request_path("m", true), "/completions");
}

TEST(Completions, ATextWithoutASuffixIsContinued) {
  auto request = completions_codec().decode_request(R"({"model":"m","prompt":["Once"],"suffix":null})", {});
  ASSERT_TRUE(request);
  EXPECT_EQ(form_of(*request), Form::continuation);
  EXPECT_EQ(request->sampling.max_tokens, 16);
  Losses losses;
  EXPECT_EQ(encoded(*request, losses), Json::parse(R"({"model":"m","prompt":"Once","max_tokens":16})"));
  EXPECT_EQ(take_form(*request), Form::continuation);
  EXPECT_EQ(form_of(*request), Form::talk);
}

TEST(Completions, SeveralPromptsAreReadInTheirOrder) {
  const auto read = read_completions(
      R"({"model":"m","prompt":["a","b"],"n":3,"best_of":5,"echo":true,"max_tokens":0,"logprobs":0})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->prompts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read->choices, 3);
  EXPECT_EQ(read->best_of, 5);
  EXPECT_TRUE(read->echo);
  EXPECT_TRUE(read->scores_only);
  EXPECT_EQ(read->request.sampling.logprobs, true);
  EXPECT_EQ(text_of(messages_of(*read, 1)[0]), "b");
  EXPECT_FALSE(completions_codec().decode_request(R"({"model":"m","prompt":["a","b"]})", {}));
}

TEST(Completions, NameTheFieldThatIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"model":"m"})", "invalid_prompt"},
      {R"({"model":"m","prompt":""})", "invalid_prompt"},
      {R"({"model":"m","prompt":[]})", "invalid_prompt"},
      {R"({"model":"m","prompt":[1,2,3]})", "invalid_prompt"},
      {R"({"model":"m","prompt":[[1,2],[3]]})", "invalid_prompt"},
      {R"({"model":"m","prompt":"a","suffix":7})", "invalid_suffix"},
      {R"({"model":"m","prompt":"a","echo":"yes"})", "invalid_echo"},
      {R"({"model":"m","prompt":"a","logprobs":true})", "invalid_logprobs"},
      {R"({"model":"m","prompt":"a","logprobs":21})", "invalid_logprobs"},
      {R"({"model":"m","prompt":"a","best_of":0})", "invalid_best_of"},
      {R"({"model":"m","prompt":"a","temperature":7})", "invalid_temperature"},
      {R"({"model":"m","prompt":"a","messages":[]})", "invalid_messages"},
      {R"({"model":"m","prompt":"a","tools":[]})", "invalid_tools"},
  };
  for (const auto& [body, detail] : wrong) {
    const auto read = read_completions(body);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().detail, detail) << body;
  }
  std::string many = R"({"model":"m","prompt":["a")";
  for (std::size_t i = 0; i < prompts_max; ++i) many += R"(,"a")";
  EXPECT_FALSE(read_completions(many + "]}"));
}

const char* const answer_json =
    R"({"id":"cmpl-1","object":"text_completion","created":5,"model":"m","choices":[
    {"text":" upon","index":0,"logprobs":{"tokens":[" up","on"],"token_logprobs":[-0.5,-0.25],
     "top_logprobs":[{" up":-0.5," on":-2.0},{"on":-0.25}],"text_offset":[0,3]},"finish_reason":"length"}],
    "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})";

TEST(Completions, GiveAnAnswerBack) {
  const auto answer = completions_codec().decode_answer(answer_json);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(text_of(answer->choices[0].parts), " upon");
  EXPECT_EQ(answer->choices[0].finish, Finish::length);
  EXPECT_EQ(answer->usage->output, 2);
  Losses losses;
  auto back = Json::parse(completions_codec().encode_answer(*answer, losses));
  const auto expected = Json::parse(answer_json);
  EXPECT_EQ(back["choices"], expected["choices"]);
  EXPECT_EQ(back["object"], "text_completion");
  EXPECT_EQ(back["id"], "cmpl-1");
  EXPECT_EQ(back["usage"]["total_tokens"], 3);
  EXPECT_TRUE(losses.empty());
}

TEST(Completions, WhatIsNoAnswerIsAnError) {
  for (const char* wrong : {"[]", "{}", R"({"choices":[7]})", R"({"choices":[]})", "<html>"})
    EXPECT_FALSE(completions_codec().decode_answer(wrong)) << wrong;
}

/// What a stream of these events is, read again: the text of each choice, and the last frame but the end.
std::map<int, std::string> told(const Codec& codec, const std::vector<StreamEvent>& events, Json& logprobs) {
  auto encoder = codec.stream_encoder({"x", "m", 1, true});
  std::string bytes;
  Losses losses;
  for (const auto& event : events) encoder->feed(event, bytes, losses);
  EXPECT_TRUE(losses.empty());
  std::map<int, std::string> out;
  const auto frames = testing::frames(bytes);
  EXPECT_EQ(frames.back().data, "[DONE]");
  for (const auto& frame : frames) {
    if (frame.data == "[DONE]") continue;
    const auto chunk = Json::parse(frame.data);
    EXPECT_EQ(chunk["object"], "text_completion");
    for (const auto& choice : chunk["choices"]) {
      out[choice["index"].get<int>()] += choice["text"].get<std::string>();
      if (!choice["logprobs"].is_null()) logprobs.push_back(choice["logprobs"]);
    }
  }
  return out;
}

TEST(Completions, StreamWhatWasStreamed) {
  const char* const chunks[] = {
      R"({"id":"cmpl-1","object":"text_completion","created":5,"model":"m","choices":[{"text":"é up","index":0,
          "logprobs":{"tokens":["é"," up"],"token_logprobs":[-1.0,-0.5],"top_logprobs":[{},{}],"text_offset":[0,1]},"finish_reason":null}]})",
      R"({"choices":[{"text":"on","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null})",
      R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})", "[DONE]"};
  auto decoder = completions_codec().stream_decoder();
  std::vector<StreamEvent> events;
  for (const auto* chunk : chunks) ASSERT_TRUE(decoder->feed({}, chunk, events));
  ASSERT_TRUE(decoder->finish(events));
  ASSERT_TRUE(std::holds_alternative<End>(events.back()));
  Json logprobs = Json::array();
  const auto texts = told(completions_codec(), events, logprobs);
  EXPECT_EQ(texts.at(0), "é upon");
  EXPECT_EQ(logprobs[0]["tokens"], Json::parse(R"(["é"," up"])"));
  EXPECT_EQ(logprobs[0]["text_offset"], Json::parse("[0,1]"));
}

TEST(Completions, AStreamWithoutItsEndIsCut) {
  auto decoder = completions_codec().stream_decoder();
  std::vector<StreamEvent> events;
  ASSERT_TRUE(decoder->feed({}, R"({"model":"m","choices":[{"text":"a","index":0}]})", events));
  EXPECT_FALSE(decoder->finish(events));
}

TEST(Completions, AnswersBeginWithWhatTheyRepeat) {
  const auto codec = make_completions_codec({{"één", "b"}, 2});
  std::vector<StreamEvent> events{Start{}};
  for (int choice = 0; choice < 4; ++choice) {
    events.emplace_back(PartStart{choice, 0, text_part("")});
    events.emplace_back(TextDelta{choice, std::to_string(choice)});
    LogprobsAdded logprobs{choice};
    logprobs.logprobs.content.push_back({std::to_string(choice), -1.0});
    events.emplace_back(logprobs);
    events.emplace_back(PartEnd{choice});
    if (choice < 3) events.emplace_back(Finished{choice});
  }
  events.emplace_back(Finished{4});  // of a prompt that nobody sent
  events.emplace_back(End{});
  Json logprobs = Json::array();
  const std::map<int, std::string> expected{{0, "één0"}, {1, "één1"}, {2, "b2"}, {3, "b3"}, {4, ""}};
  EXPECT_EQ(told(*codec, events, logprobs), expected);
  EXPECT_EQ(logprobs[0]["text_offset"], Json::parse("[3]"));

  ChatAnswer whole;
  for (int choice = 0; choice < 4; ++choice) whole.choices.push_back({{text_part(std::to_string(choice))}});
  Losses losses;
  const auto answer = Json::parse(codec->encode_answer(whole, losses));
  for (std::size_t choice = 0; choice < 4; ++choice)
    EXPECT_EQ(answer["choices"][choice]["text"], expected.at(static_cast<int>(choice)));
}

TEST(Completions, WhatIsNoTextIsToldAsLost) {
  ChatAnswer whole;
  whole.choices.push_back({{Part{ToolCall{"id", "name", "{}"}}}});
  Losses losses;
  (void)completions_codec().encode_answer(whole, losses);
  EXPECT_EQ(losses.size(), 1U);
}

}  // namespace
}  // namespace bastide::dialects
