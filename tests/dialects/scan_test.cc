#include "dialects/scan.h"

#include <gtest/gtest.h>

namespace bastide::dialects {
namespace {

Result<ChatHead> head(Dialect dialect, std::string_view body,
                      std::string_view path = "/v1/chat/completions") {
  Scanner scanner;
  return scanner.head_of_request(dialect, path, body);
}

TEST(Head, SaysWhatACallAsks) {
  const std::string body =
      R"({"messages":[{"role":"user","content":"Bonjour"}], "model" : "fast" ,"stream":true,)"
      R"("stream_options":{"include_usage":true},"max_tokens":50,"max_completion_tokens":70,"n":2,"bastide":{}})";
  const auto found = head(Dialect::openai, body);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->model, "fast");
  EXPECT_EQ(body.substr(found->model_at, found->model_bytes), "\"fast\"");
  EXPECT_TRUE(found->stream);
  EXPECT_EQ(found->include_usage, true);
  EXPECT_EQ(found->max_tokens, 70);
  EXPECT_EQ(found->choices, 2);
  EXPECT_TRUE(found->has_bastide);
  EXPECT_GT(found->input_tokens_max, 15);
  EXPECT_LT(found->input_tokens_max, 40);
}

TEST(Head, ReadsWithoutCopyWhenThereIsRoom) {
  std::string body = R"({"model":"a","messages":[]})";
  const auto size = body.size();
  body.append(64, '#');
  Scanner scanner;
  const auto found =
      scanner.head_of_request(Dialect::openai, "/", std::string_view(body).substr(0, size), body.size());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model.data(), body.data() + found->model_at + 1);
}

TEST(Head, KnowsEachDialect) {
  const auto anthropic =
      head(Dialect::anthropic, R"({"model":"c","max_tokens":9,"system":"s","messages":[]})", "/v1/messages");
  ASSERT_TRUE(anthropic);
  EXPECT_EQ(anthropic->max_tokens, 9);
  const auto responses =
      head(Dialect::responses, R"({"model":"r","max_output_tokens":7,"input":"x"})", "/v1/responses");
  ASSERT_TRUE(responses);
  EXPECT_EQ(responses->max_tokens, 7);
  const auto gemini =
      head(Dialect::gemini, R"({"contents":[],"generationConfig":{"maxOutputTokens":5,"candidateCount":3}})",
           "/v1beta/models/flash:streamGenerateContent?alt=sse");
  ASSERT_TRUE(gemini);
  EXPECT_EQ(gemini->model, "flash");
  EXPECT_TRUE(gemini->stream);
  EXPECT_EQ(gemini->max_tokens, 5);
  EXPECT_EQ(gemini->choices, 3);
  EXPECT_EQ(gemini->model_bytes, 0U);
}

// Two readers that take different ones of two equal fields could be played against each other.
TEST(Head, RefusesWhatTwoReadersWouldReadDifferently) {
  for (const char* body :
       {R"({"model":"cheap","model":"dear"})", R"({"model":"cheap","mod\u0065l":"dear"})",
        R"({"model":"a","stream":false,"stream":true})", R"({"model":"a","n":1,"n":100})"}) {
    const auto found = head(Dialect::openai, body);
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().detail, "duplicate_field") << body;
  }
  EXPECT_EQ(head(Dialect::openai, R"({"model":"a\u0062"})").error().detail, "invalid_model");
}

TEST(Head, RefusesNonsense) {
  for (const char* body :
       {"", "{", "[]", "null", R"({"model":"a"}x)", R"({"model":1})", R"({"model":"a","stream":"yes"})",
        R"({"model":"a","max_tokens":-1})", R"({"model":"a","n":0})", "{\"model\":\"a\xff\"}"})
    EXPECT_FALSE(head(Dialect::openai, body)) << body;
}

TEST(Head, CountsAttachmentsApartFromText) {
  const std::string image(100'000, 'A');
  const auto found = head(
      Dialect::openai,
      R"({"model":"v","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
          image + R"("}}]}]})");
  ASSERT_TRUE(found);
  EXPECT_LT(found->input_tokens_max, 2200);
  EXPECT_GE(found->input_tokens_max, 2000);
  const auto anthropic = head(
      Dialect::anthropic,
      R"({"model":"v","messages":[{"content":[{"source":{"type":"base64","data": ")" + image + R"("}}]}]})");
  ASSERT_TRUE(anthropic);
  EXPECT_LT(anthropic->input_tokens_max, 2200);
}

TEST(ScanUsage, OfWholeAnswers) {
  Scanner scanner;
  const auto openai = scanner.usage_of_answer(
      Dialect::openai,
      R"({"id":"x","choices":[{"message":{"content":"usage"}}],"usage":{"prompt_tokens":16,"completion_tokens":363,"total_tokens":379,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}})");
  ASSERT_TRUE(openai);
  EXPECT_EQ(openai->input, 16);
  EXPECT_EQ(openai->output, 363);
  EXPECT_EQ(openai->cache_read, 4);
  EXPECT_EQ(openai->reasoning, 2);
  const auto anthropic = scanner.usage_of_answer(
      Dialect::anthropic,
      R"({"content":[],"usage":{"input_tokens":2,"cache_creation_input_tokens":3068,"cache_read_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":68,"ephemeral_1h_input_tokens":3000},"output_tokens":69}})");
  ASSERT_TRUE(anthropic);
  EXPECT_EQ(anthropic->input, 3080);
  EXPECT_EQ(anthropic->cache_write_5m, 68);
  EXPECT_EQ(anthropic->cache_write_1h, 3000);
  EXPECT_EQ(anthropic->cache_read, 10);
  const auto gemini = scanner.usage_of_answer(
      Dialect::gemini,
      R"({"candidates":[],"usageMetadata":{"promptTokenCount":29,"candidatesTokenCount":15,"totalTokenCount":89,"thoughtsTokenCount":45}})");
  ASSERT_TRUE(gemini);
  EXPECT_EQ(gemini->input, 29);
  EXPECT_EQ(gemini->output, 60);
  EXPECT_EQ(gemini->reasoning, 45);
  EXPECT_FALSE(scanner.usage_of_answer(Dialect::openai, R"({"error":{"message":"usage"}})"));
  EXPECT_FALSE(scanner.usage_of_answer(Dialect::openai, "<html>"));
}

TEST(ScanUsage, OfStreams) {
  Scanner scanner;
  StreamMeter anthropic(Dialect::anthropic);
  for (
      const char* data :
      {R"({"type":"message_start","message":{"id":"m","usage":{"input_tokens":12,"cache_read_input_tokens":100,"output_tokens":1}}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"message_stop"}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"error"}})",
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30}})"})
    anthropic.take(scanner.scan_event(Dialect::anthropic, data));
  EXPECT_FALSE(anthropic.ended());
  EXPECT_FALSE(anthropic.failed());
  anthropic.take(scanner.scan_event(Dialect::anthropic, R"({"type": "message_stop"})"));
  EXPECT_TRUE(anthropic.ended());
  ASSERT_TRUE(anthropic.usage());
  EXPECT_EQ(anthropic.usage()->input, 112);
  EXPECT_EQ(anthropic.usage()->output, 30);
  anthropic.take(
      scanner.scan_event(Dialect::anthropic, R"({"type": "error","error":{"type":"overloaded_error"}})"));
  EXPECT_TRUE(anthropic.failed());

  StreamMeter openai(Dialect::openai);
  openai.take(scanner.scan_event(Dialect::openai,
                                 R"({"choices":[{"index":0,"delta":{"content":"usage"}}],"usage":null})"));
  EXPECT_FALSE(openai.usage());
  openai.take(scanner.scan_event(
      Dialect::openai,
      R"({"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":3,"completion_tokens":4}}]})"));
  ASSERT_TRUE(openai.usage());
  EXPECT_EQ(openai.usage()->output, 4);
  EXPECT_FALSE(openai.ended());
  openai.take(scanner.scan_event(Dialect::openai, "[DONE]"));
  EXPECT_TRUE(openai.ended());

  StreamMeter responses(Dialect::responses);
  responses.take(scanner.scan_event(
      Dialect::responses,
      R"({"type":"response.completed","response":{"id":"r","output":[],"usage":{"input_tokens":5,"output_tokens":6}}})"));
  EXPECT_TRUE(responses.ended());
  EXPECT_EQ(responses.usage()->output, 6);

  StreamMeter gemini(Dialect::gemini);
  gemini.take(scanner.scan_event(
      Dialect::gemini,
      R"({"candidates":[{"content":{"parts":[{"text":"finishReason"}]}}],"usageMetadata":{"promptTokenCount":9}})"));
  EXPECT_FALSE(gemini.ended());
  gemini.take(scanner.scan_event(
      Dialect::gemini,
      R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":8}})"));
  EXPECT_TRUE(gemini.ended());
  EXPECT_EQ(gemini.usage()->output, 8);
}

}  // namespace
}  // namespace bastide::dialects
