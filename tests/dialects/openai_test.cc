#include <gtest/gtest.h>

#include "tests/dialects/wire.h"

namespace bastide::dialects {
namespace {

using namespace testing;
using nlohmann::json;

const Codec& codec() { return openai_codec(); }

// Written beside what the recording says: padding against eavesdroppers, and what the object is.
const std::set<std::string> normalised{"obfuscation", "object"};

ChatRequest decoded(std::string_view body) {
  auto request = codec().decode_request(body, {});
  EXPECT_TRUE(request) << request.error().message;
  return request ? std::move(*request) : ChatRequest{};
}

void expect_request_round_trip(const std::string& body) {
  const auto request = decoded(body);
  Losses losses;
  EncodeOptions options;
  options.model = request.model;
  options.same_model = true;
  options.continues_prefix = true;
  options.ask_usage = false;
  const auto written = codec().encode_request(request, options, losses);
  ASSERT_TRUE(written) << written.error().message;
  expect_same_json(body, *written, {"bastide"});
  EXPECT_TRUE(losses.empty()) << losses.front().field;
}

TEST(OpenAiRecordings, AnswersRoundTrip) {
  if (recordings("openai/chat", ".json").empty()) GTEST_SKIP() << "no recordings";
  expect_answers_round_trip(
      codec(), "openai/chat", [](const auto& name) { return !name.contains("error"); }, normalised);
}

TEST(OpenAiRecordings, StreamsRoundTrip) {
  if (recordings("openai/chat", ".chunks.txt").empty()) GTEST_SKIP() << "no recordings";
  expect_streams_round_trip(codec(), "openai/chat", [](const auto&) { return true; });
}

TEST(OpenAiRecordings, ErrorsAreErrors) {
  const auto files = recordings("openai/chat", "error.json");
  if (files.empty()) GTEST_SKIP() << "no recordings";
  for (const auto& path : files) {
    const auto error = codec().decode_error(400, contents(path), {});
    EXPECT_EQ(error.code, Code::invalid);
    EXPECT_EQ(error.detail, "provider_rejected");
    EXPECT_TRUE(error.message.contains("unsupported_parameter"));
  }
}

TEST(OpenAiRequest, RoundTripsWhatTheDialectSays) {
  expect_request_round_trip(R"({
    "model": "gpt", "messages": [
      {"role": "developer", "content": "Be brief."},
      {"role": "system", "content": [{"type": "text", "text": "Cached.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}, {"type":"text","text":"b"}]},
      {"role": "user", "name": "anna", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "mp3"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,CCCC"}},
        {"type": "from_the_future", "thing": [1, 2.5, null]}]},
      {"role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"a\": 1}"},
         "extra_content": {"google": {"thought_signature": "sig"}}},
        {"id": "c2", "type": "custom", "custom": {"name": "write", "input": "plain"}}]},
      {"role": "tool", "tool_call_id": "c1", "content": "42"},
      {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
      {"role": "assistant", "content": null, "refusal": "No."},
      {"role": "assistant", "content": "", "audio": {"id": "audio_1"}},
      {"role": "user", "content": "Go on."},
      {"role": "assistant", "content": "Once upon", "prefix": true}],
    "tools": [
      {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}, "strict": true}},
      {"type": "custom", "custom": {"name": "write", "format": {"type": "text"}}},
      {"type": "web_search", "filters": {"x": 1}}],
    "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "look"}}]}},
    "parallel_tool_calls": true,
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": true}},
    "reasoning_effort": "high", "verbosity": "low",
    "temperature": 0.7, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "frequency_penalty": -0.5, "presence_penalty": 1,
    "seed": 7, "stop": ["a", "b"], "max_tokens": 100, "n": 2, "logprobs": true, "top_logprobs": 3,
    "logit_bias": {"50256": -100}, "metadata": {"k": "v"}, "user": "u", "service_tier": "flex", "store": true,
    "prompt_cache_key": "p", "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
    "modalities": ["text"], "prediction": {"type": "content", "content": "x"}, "ignore_eos": true,
    "bastide": {"collections": ["c"], "label": "internal", "quote_only": true}})");
}

TEST(OpenAiRequest, ReadsWhatBastideIsTold) {
  const auto request = decoded(
      R"({"model":"m","messages":[{"role":"user","content":"x"}],"bastide":{"collections":["a","b"],"label":"secret","quote_only":true}})");
  ASSERT_TRUE(request.bastide);
  EXPECT_EQ(request.bastide->collections.size(), 2U);
  EXPECT_EQ(request.bastide->label, "secret");
  EXPECT_TRUE(request.bastide->quote_only);
  Losses losses;
  EXPECT_FALSE(codec().encode_request(request, {}, losses)->contains("bastide"));
}

TEST(OpenAiRequest, KeepsFieldsThatItDoesNotKnow) {
  const auto request = decoded(
      R"({"model":"m","messages":[{"role":"user","content":"x"}],"ignore_eos":true,"speculative.n_max":0,"stream_options":{"own":1}})");
  Losses losses;
  const auto written = codec().encode_request(request, {}, losses);
  ASSERT_TRUE(written);
  EXPECT_TRUE(written->contains(R"("ignore_eos":true)")) << *written;
  EXPECT_TRUE(written->contains(R"("speculative.n_max":0)")) << *written;
  EXPECT_FALSE(written->contains("stream_options.own")) << *written;
}

TEST(OpenAiRequest, NamesTheFieldThatIsWrong) {
  const std::string tail = R"("messages":[{"role":"user","content":"x"}]})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"model":"m","messages":[]})", "invalid_messages"},
      {R"({"model":"m"})", "invalid_messages"},
      {R"({"model":1,)" + tail, "invalid_model"},
      {R"({"model":"m","temperature":3,)" + tail, "invalid_temperature"},
      {R"({"model":"m","temperature":"hot",)" + tail, "invalid_temperature"},
      {R"({"model":"m","max_tokens":0,)" + tail, "invalid_max_tokens"},
      {R"({"model":"m","stop":[1],)" + tail, "invalid_stop"},
      {R"({"model":"m","stream":"yes",)" + tail, "invalid_stream"},
      {R"({"model":"m","tools":[1],)" + tail, "invalid_tools"},
      {R"({"model":"m","tool_choice":"sometimes",)" + tail, "invalid_tool_choice"},
      {R"({"model":"m","response_format":{"type":"json_schema"},)" + tail, "invalid_response_format"},
      {R"({"model":"m","bastide":[],)" + tail, "invalid_bastide"},
      {R"({"model":"m","messages":[{"role":"wizard","content":"x"}]})", "invalid_messages"},
      {R"({"model":"m","messages":[{"role":"user","content":5}]})", "invalid_content"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url"}]}]})", "invalid_image_url"},
      {"[]", "not_an_object"},
      {"{", "json_malformed"},
      {R"({"model":"m","messages":)" + std::string(200, '[') + std::string(200, ']') + "}", "json_too_deep"}};
  for (const auto& [body, detail] : cases) {
    const auto request = codec().decode_request(body, {});
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().code, Code::invalid) << body;
    EXPECT_EQ(request.error().detail, detail) << body;
  }
}

TEST(OpenAiRequest, SaysWhatItCannotExpress) {
  ChatRequest request;
  request.from = Dialect::anthropic;
  request.messages.push_back({Role::user, {Part{Media{.kind = Media::Kind::video, .url = "https://x/y"}}}});
  request.messages.push_back({Role::assistant, {text_part("{")}, {}, true});
  request.sampling.top_k = 5;
  request.server_tools.push_back({Dialect::anthropic, "web_search_20250305", "{}"});
  request.others.push_back({Dialect::anthropic, "mcp_servers", "[]"});
  request.others.push_back({Dialect::anthropic, "new_thing", "1"});
  Losses losses;
  ASSERT_TRUE(codec().encode_request(request, {}, losses));
  std::set<std::string> refused, told;
  for (const auto& loss : losses) (loss.weight == Loss::Weight::meaning ? refused : told).insert(loss.field);
  EXPECT_EQ(refused,
            (std::set<std::string>{"messages[0].content[0]", "messages[1].prefix", "tools", "mcp_servers"}));
  EXPECT_EQ(told, (std::set<std::string>{"top_k", "new_thing"}));
}

TEST(OpenAiRequest, PassesImagesOfToolsOn) {
  ChatRequest request;
  request.from = Dialect::anthropic;
  ToolResult result;
  result.call_id = "c1";
  result.parts.push_back(text_part("Seen."));
  result.parts.push_back(Part{Media{.base64 = "AAAA", .media_type = "image/png"}});
  request.messages.push_back({Role::user, {Part{result}, text_part("And?")}});
  Losses losses;
  const auto body = json::parse(*codec().encode_request(request, {}, losses));
  ASSERT_EQ(body["messages"].size(), 2U);
  EXPECT_EQ(body["messages"][0], json({{"role", "tool"}, {"tool_call_id", "c1"}, {"content", "Seen."}}));
  EXPECT_EQ(body["messages"][1]["content"][0]["text"], "And?");
  EXPECT_EQ(body["messages"][1]["content"][1]["image_url"]["url"], "data:image/png;base64,AAAA");
  EXPECT_TRUE(losses.empty());
}

TEST(OpenAiAnswer, RoundTripsWhatTheDialectSays) {
  const std::string body =
      R"({"id":"chatcmpl-x","object":"chat.completion","created":5,"model":"m","choices":[
    {"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"See.","reasoning_content":"Hm.",
      "annotations":[{"type":"url_citation","url_citation":{"url":"https://a","title":"A","start_index":1,"end_index":2}}],
      "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
     "logprobs":{"content":[{"token":"S","logprob":-0.25,"bytes":[83],"top_logprobs":[{"token":"T","logprob":-1.5,"bytes":null}]}],"refusal":null}},
    {"index":1,"finish_reason":"content_filter","content_filter_results":{"hate":{"filtered":true}},"message":{"role":"assistant","content":null,"refusal":"No."}}],
    "usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":1},
      "completion_tokens_details":{"reasoning_tokens":5,"accepted_prediction_tokens":2}},
    "service_tier":"default","system_fingerprint":"fp","bastide":{"exchange":"e"}})";
  const auto answer = codec().decode_answer(body);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->choices[1].finish, Finish::filter);
  EXPECT_EQ(answer->usage->cache_read, 4);
  Losses losses;
  expect_same_json(body, codec().encode_answer(*answer, losses));
  EXPECT_TRUE(losses.empty());
  // And as a stream.
  const auto bytes = encode_all(codec(), events_of(*answer), losses);
  std::vector<std::string> data;
  for (auto& frame : frames(bytes)) data.push_back(frame.data);
  const auto events = decode_all(codec(), data);
  ASSERT_TRUE(events);
  expect_in_order(*events);
  auto again = collect(*events);
  expect_same_json(codec().encode_answer(*answer, losses), codec().encode_answer(again, losses));
}

TEST(OpenAiAnswer, TakesAnErrorIn200ForAnError) {
  const auto answer = codec().decode_answer(R"({"error":{"message":"x","code":"rate_limit_exceeded"}})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::rate_limited);
  for (const char* body : {"<html>", "{}", R"({"choices":[]})", R"({"choices":[{}]})", "[]", ""})
    EXPECT_EQ(codec().decode_answer(body).error().detail, "invalid_json") << body;
}

std::string chunk(const std::string& delta, const std::string& more = R"(,"finish_reason":null)") {
  return R"({"id":"x","model":"m","choices":[{"index":0,"delta":)" + delta + more + "}]}";
}

TEST(OpenAiStream, BrokenOffIsAnErrorNeverAnEnd) {
  const auto cut = decode_all(codec(), {chunk(R"({"content":"Once"})")});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().detail, "truncated");
  EXPECT_FALSE(decode_all(codec(), {}));
  // An answer that has said why it ended is whole, [DONE] or not.
  EXPECT_TRUE(
      decode_all(codec(), {chunk(R"({"content":"Once"})"), chunk("{}", R"(,"finish_reason":"stop")")}));
}

TEST(OpenAiStream, TakesUsageWhereverItComes) {
  for (const auto* last :
       {R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
        R"({"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":1,"completion_tokens":2}}]})"}) {
    const auto events = decode_all(
        codec(), {chunk(R"({"content":"a"})"), chunk("{}", R"(,"finish_reason":"stop")"), last, "[DONE]"});
    ASSERT_TRUE(events);
    EXPECT_EQ(collect(*events).usage->output, 2);
  }
}

TEST(OpenAiStream, KeepsArgumentsWholeHoweverTheyAreMixed) {
  const auto events = decode_all(
      codec(),
      {chunk(
           R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\""}}]})"),
       chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})"),
       chunk(R"({"tool_calls":[{"index":1,"function":{"arguments":":2}"}}]})"),
       chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"\"}\"}"}}]})"),
       chunk("{}", R"(,"finish_reason":"tool_calls")")});
  ASSERT_TRUE(events);
  expect_in_order(*events);
  const auto answer = collect(*events);
  ASSERT_EQ(answer.choices[0].parts.size(), 2U);
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[0].content).arguments, R"({"x":"}"})");
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[1].content).arguments, R"({"y":2})");
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[1].content).name, "g");
}

TEST(OpenAiStream, TellsCallsApartThatHaveNoNumber) {
  const auto events = decode_all(
      codec(), {chunk(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]})"),
                chunk(R"({"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{\"z\":1}"}}]})"),
                chunk("{}", R"(,"finish_reason":"tool_calls")")});
  ASSERT_TRUE(events);
  const auto answer = collect(*events);
  ASSERT_EQ(answer.choices[0].parts.size(), 2U);
  EXPECT_EQ(std::get<ToolCall>(answer.choices[0].parts[1].content).arguments, R"({"z":1})");
}

TEST(OpenAiStream, AnErrorWithinEndsIt) {
  std::vector<StreamEvent> out;
  auto decoder = codec().stream_decoder();
  ASSERT_TRUE(decoder->feed("", chunk(R"({"content":"a"})"), out));
  ASSERT_TRUE(decoder->feed("", R"({"error":{"message":"Sorry, Anna","type":"overloaded_error"}})", out));
  ASSERT_TRUE(decoder->finish(out));
  const auto* failure = std::get_if<Failure>(&out.back());
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->error.detail, "provider_overloaded");
  EXPECT_FALSE(failure->error.message.contains("Anna"));
  std::string bytes;
  Losses losses;
  codec().stream_encoder({})->feed(out.back(), bytes, losses);
  EXPECT_TRUE(bytes.contains("\"error\""));
  EXPECT_FALSE(bytes.contains("[DONE]"));
}

TEST(OpenAiStream, CarriesSealedThoughtsBothWays) {
  std::vector<StreamEvent> events{Start{"x", "m"},
                                  PartStart{0, 0, Part{Reasoning{}}},
                                  ReasoningDelta{0, "Hm."},
                                  SignatureDelta{0, "sig"},
                                  PartEnd{0},
                                  PartStart{0, 1, Part{ToolCall{"c", "f", ""}, {}, "google-sig"}},
                                  ArgumentsDelta{0, "{}"},
                                  PartEnd{0},
                                  Finished{0, Finish::tool_calls},
                                  End{}};
  Losses losses;
  std::vector<std::string> data;
  for (auto& frame : frames(encode_all(codec(), events, losses))) data.push_back(frame.data);
  const auto again = decode_all(codec(), data);
  ASSERT_TRUE(again);
  const auto answer = collect(*again);
  EXPECT_EQ(answer.choices[0].parts[0].signature, "sig");
  EXPECT_EQ(std::get<Reasoning>(answer.choices[0].parts[0].content).text, "Hm.");
  EXPECT_EQ(answer.choices[0].parts[1].signature, "google-sig");
}

TEST(OpenAiErrors, SayWhatToDoInTheDialectsShape) {
  const auto limited =
      codec().encode_error({Code::rate_limited, "Too many.", "requests_per_minute", "Wait.", 7}, "ex_1");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.at(0), (std::pair<std::string, std::string>{"retry-after", "7"}));
  const auto body = json::parse(limited.body);
  EXPECT_EQ(body["error"]["type"], "rate_limit_error");
  EXPECT_EQ(body["error"]["message"], "Too many. Wait.");
  const auto field = codec().encode_error({Code::unsupported, "No.", "field:top_k"}, "");
  EXPECT_EQ(field.status, 400);
  EXPECT_EQ(json::parse(field.body)["error"]["param"], "top_k");
}

TEST(OpenAiErrors, ReadRetryAfter) {
  const auto error = codec().decode_error(
      429, "{}", [](std::string_view name) -> std::string_view { return name == "retry-after" ? "12" : ""; });
  EXPECT_EQ(error.code, Code::rate_limited);
  EXPECT_EQ(error.retry_after_s, 12);
  const auto soon = codec().decode_error(429, "{}", [](std::string_view name) -> std::string_view {
    return name == "retry-after-ms" ? "1200" : name == "retry-after" ? "9" : "";
  });
  EXPECT_EQ(soon.retry_after_s, 2);
  EXPECT_EQ(codec().decode_error(502, "<html>", {}).detail, "provider_failed");
}

TEST(OpenAiErrors, ATooLongContextIsToldWithItsNumbers) {
  for (std::string_view word : {"context_length_exceeded", "invalid_request_error"}) {
    const auto error = codec().decode_error(
        400,
        R"({"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9003 tokens.","code":")" +
            std::string(word) + "\"}}",
        {});
    EXPECT_EQ(error.detail, "context_too_long");
    EXPECT_NE(error.message.find("has 9003 tokens; the model reads 8192"), std::string::npos)
        << error.message;
  }
}

}  // namespace
}  // namespace bastide::dialects
