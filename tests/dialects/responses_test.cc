#include <gtest/gtest.h>

#include "tests/dialects/wire.h"

namespace bastide::dialects {
namespace {

using namespace testing;
using nlohmann::json;

const Codec& codec() { return responses_codec(); }

// What every response has, how far an item is, and log-probabilities, which stand apart.
const std::set<std::string> normalised{
    "object", "logprobs", "status", "incomplete_details", "parallel_tool_calls", "tool_choice"};

TEST(ResponsesRecordings, AnswersRoundTrip) {
  if (recordings("openai/responses", ".json").empty()) GTEST_SKIP() << "no recordings";
  expect_answers_round_trip(
      codec(), "openai/responses", [](const auto& name) { return !name.contains("error"); }, normalised);
}

TEST(ResponsesRecordings, StreamsRoundTrip) {
  if (recordings("openai/responses", ".chunks.txt").empty()) GTEST_SKIP() << "no recordings";
  expect_streams_round_trip(codec(), "openai/responses", [](const auto& name) {
    return !name.contains("error") &&
           !name.contains("parallel-tool-call-wrapper");  // two of its lines are no JSON
  });
}

TEST(ResponsesRecordings, AFailedStreamFails) {
  const auto path = wire_folder() / "openai/responses/openai-error.1.chunks.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recordings";
  const auto events = decode_all(codec(), chunks(path));
  ASSERT_TRUE(events);
  EXPECT_TRUE(std::holds_alternative<Failure>(events->back()));
}

TEST(ResponsesRequest, RoundTripsWhatTheDialectSays) {
  const std::string body = R"({"model":"gpt","instructions":"Be brief.","input":[
    {"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"What?"},
      {"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"high"},{"type":"input_image","file_id":"f1"},
      {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BBBB"},{"type":"input_file","file_url":"https://x/y.pdf"}]},
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}],"encrypted_content":"sealed"},
    {"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"A","annotations":[{"type":"file_citation","file_id":"f","index":1}]},{"type":"refusal","refusal":"no"}]},
    {"type":"function_call","id":"fc_1","call_id":"c1","name":"look","arguments":"{\"a\":1}"},
    {"type":"custom_tool_call","call_id":"c2","name":"w","input":"plain"},
    {"type":"function_call_output","call_id":"c1","output":"42"},
    {"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"https://x/i.png"}]},
    {"type":"web_search_call","id":"ws_1","action":{"type":"search","query":"q"}}],
   "tools":[{"type":"function","name":"look","parameters":{"type":"object"},"strict":true,"defer_loading":true},
            {"type":"custom","name":"w","format":{"type":"text"}},{"type":"web_search","search_context_size":"low"}],
   "tool_choice":{"type":"function","name":"look"},"parallel_tool_calls":true,
   "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},
   "reasoning":{"effort":"high","summary":"auto"},"temperature":0.5,"top_p":0.9,"max_output_tokens":50,"top_logprobs":2,
   "include":["reasoning.encrypted_content"],"metadata":{"k":"v"},"user":"u","service_tier":"flex","prompt_cache_key":"p",
   "store":false,"stream":true,"truncation":"auto","max_tool_calls":3})";
  const auto request = codec().decode_request(body, {});
  ASSERT_TRUE(request) << request.error().message;
  Losses losses;
  EncodeOptions options;
  options.model = "gpt";
  const auto written = codec().encode_request(*request, options, losses);
  ASSERT_TRUE(written);
  expect_same_json(body, *written);
  EXPECT_TRUE(losses.empty()) << losses.front().field << losses.front().sentence;
}

TEST(ResponsesRequest, OneTurnOfTheModelIsOneMessage) {
  const auto request = codec().decode_request(
      R"({"model":"m","input":[{"role":"user","content":"q"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
      {"type":"function_call","call_id":"b","name":"g","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"1"},
      {"type":"function_call_output","call_id":"b","output":"2"}]})",
      {});
  ASSERT_TRUE(request);
  ASSERT_EQ(request->messages.size(), 3U);
  EXPECT_EQ(request->messages[1].parts.size(), 2U);
  EXPECT_EQ(std::get<ToolResult>(request->messages[2].parts[1].content).name, "g");
  Losses losses;
  const auto chat = json::parse(*openai_codec().encode_request(*request, {}, losses));
  EXPECT_EQ(chat["messages"].size(), 4U);  // a message for each result
  EXPECT_EQ(chat["messages"][1]["tool_calls"].size(), 2U);
}

TEST(ResponsesRequest, NamesTheFieldThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"model":"m"})", "invalid_input"},
      {R"({"model":"m","input":5})", "invalid_input"},
      {R"({"model":"m","input":[{"role":"wizard","content":"x"}]})", "invalid_input"},
      {R"({"model":"m","input":"x","temperature":7})", "invalid_temperature"},
      {R"({"model":"m","input":"x","stream":1})", "invalid_stream"},
      {R"({"model":"m","input":"x","tools":[{"type":"function"}]})", "invalid_tools"},
      {R"({"model":"m","input":"x","instructions":[]})", "invalid_instructions"}};
  for (const auto& [body, detail] : cases) {
    const auto request = codec().decode_request(body, {});
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().detail, detail) << body;
  }
}

std::string event(const std::string& type, const std::string& more) {
  return R"({"type":")" + type + "\"," + more + "}";
}
const std::string created =
    event("response.created", R"("response":{"id":"resp_1","model":"m","created_at":5})");
const std::string completed =
    event("response.completed",
          R"("response":{"status":"completed","usage":{"input_tokens":3,"output_tokens":4}})");

TEST(ResponsesStream, TakesArgumentsThatComeOnlyAtTheEnd) {
  const auto events = decode_all(
      codec(),
      {created,
       event(
           "response.output_item.added",
           R"("output_index":0,"item":{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":""})"),
       event("response.function_call_arguments.done", R"("output_index":0,"arguments":"{\"x\":1}")"),
       event(
           "response.output_item.done",
           R"("output_index":0,"item":{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{\"x\":1}"})"),
       completed});
  ASSERT_TRUE(events);
  expect_in_order(*events);
  const auto answer = collect(*events);
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[0].content).arguments, R"({"x":1})");
  EXPECT_EQ(answer.choices[0].finish, Finish::tool_calls);
  EXPECT_EQ(answer.usage->output, 4);
}

TEST(ResponsesStream, KeepsItemsWholeThatCrossEachOther) {
  const auto call = [](const std::string& index, const std::string& name, const std::string& arguments) {
    return R"("output_index":)" + index + R"(,"item":{"type":"function_call","id":"fc)" + index +
           R"(","call_id":"c)" + index + R"(","name":")" + name + R"(","arguments":")" + arguments + "\"}";
  };
  const auto events = decode_all(
      codec(), {created, event("response.output_item.added", call("0", "f", "")),
                event("response.output_item.added", call("1", "g", "")),
                event("response.function_call_arguments.delta", R"("output_index":1,"delta":"[2]")"),
                event("response.function_call_arguments.delta", R"("output_index":0,"delta":"[1]")"),
                event("response.output_item.done", call("0", "f", "[1]")),
                event("response.output_item.done", call("1", "g", "[2]")), completed});
  ASSERT_TRUE(events);
  expect_in_order(*events);
  const auto answer = collect(*events);
  ASSERT_EQ(answer.choices[0].parts.size(), 2U);
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[0].content).arguments, "[1]");
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[1].content).arguments, "[2]");
}

TEST(ResponsesStream, BrokenOffIsAnErrorAndFailedAFailure) {
  EXPECT_EQ(decode_all(codec(), {created}).error().detail, "truncated");
  const auto failed = decode_all(
      codec(), {created, event("response.failed",
                               R"("response":{"error":{"code":"rate_limit_exceeded","message":"Anna"}})")});
  ASSERT_TRUE(failed);
  const auto* failure = std::get_if<Failure>(&failed->back());
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->error.code, Code::rate_limited);
  const auto incomplete = decode_all(
      codec(),
      {created,
       event("response.incomplete",
             R"("response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}})")});
  ASSERT_TRUE(incomplete);
  EXPECT_EQ(collect(*incomplete).choices[0].finish, Finish::length);
}

TEST(ResponsesStream, NumbersEveryEventAndEndsWithTheWhole) {
  std::vector<StreamEvent> events{Start{"ex_1", "m", 7},
                                  PartStart{0, 0, Part{Reasoning{}}},
                                  ReasoningDelta{0, "one", 0},
                                  ReasoningDelta{0, "two", 1},
                                  SignatureDelta{0, "", "sealed"},
                                  PartEnd{},
                                  PartStart{0, 1, text_part("")},
                                  TextDelta{0, "Hel"},
                                  TextDelta{0, "lo"},
                                  PartEnd{},
                                  PartStart{0, 2, Part{ToolCall{"c", "f", ""}}},
                                  ArgumentsDelta{0, "{}"},
                                  PartEnd{},
                                  Finished{0, Finish::tool_calls},
                                  End{}};
  Losses losses;
  const auto sent = frames(encode_all(codec(), events, losses));
  int number = 0;
  for (const auto& frame : sent) {
    const auto data = json::parse(frame.data);
    EXPECT_EQ(data["sequence_number"], number++);
    EXPECT_EQ(data["type"], frame.event);
  }
  const auto whole = json::parse(sent.back().data);
  EXPECT_EQ(whole["type"], "response.completed");
  const auto& output = whole["response"]["output"];
  ASSERT_EQ(output.size(), 3U);
  EXPECT_EQ(output[0]["summary"].size(), 2U);
  EXPECT_EQ(output[0]["encrypted_content"], "sealed");
  EXPECT_EQ(output[1]["content"][0]["text"], "Hello");
  EXPECT_EQ(output[2]["arguments"], "{}");
  EXPECT_TRUE(losses.empty());
}

TEST(ResponsesStream, AFailureIsNoEnd) {
  Losses losses;
  const auto sent = frames(encode_all(
      codec(), {Start{"ex_1", "m", 7}, Failure{{Code::upstream, "It failed.", "provider_failed"}}}, losses));
  EXPECT_EQ(json::parse(sent.back().data)["response"]["error"]["code"], "provider_failed");
  EXPECT_EQ(json::parse(sent.back().data)["response"]["status"], "failed");
}

}  // namespace
}  // namespace bastide::dialects
