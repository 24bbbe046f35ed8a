#include "dialects/embeddings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace bastide::dialects {
namespace {

using nlohmann::json;
using Shape = EmbedRequest::Shape;
using testing::ElementsAre;
using testing::HasSubstr;

/// What `to` is sent for a call of `from`, parsed; the losses' fields in `lost`.
json sent(Dialect from, std::string_view body, Dialect to, std::vector<std::string>* lost = nullptr,
          Shape shape = Shape::list) {
  const auto request = decode_embed_request(from, body, "asked", shape);
  EXPECT_TRUE(request) << request.error().message;
  Losses losses;
  const auto call = encode_embed_request(to, *request, "up", losses);
  EXPECT_TRUE(call) << call.error().message;
  if (lost)
    for (const auto& loss : losses)
      lost->push_back((loss.weight == Loss::Weight::meaning ? "!" : "") + loss.field);
  auto out = parse_json(call->body).value();
  out["path"] = call->path;
  return out;
}

std::string wrong_field(Dialect from, std::string_view body, Shape shape = Shape::list) {
  const auto request = decode_embed_request(from, body, from == Dialect::gemini ? "asked" : "", shape);
  return request ? "" : request.error().detail;
}

constexpr std::string_view openai_call =
    R"({"model":"m","input":["a","b"],"dimensions":2,"encoding_format":"base64","user":"u","new":{"x":[1.5]}})";

TEST(Embeddings, the_same_dialect_keeps_every_field) {
  std::vector<std::string> lost;
  auto out = sent(Dialect::openai, openai_call, Dialect::openai, &lost);
  EXPECT_EQ(out, parse_json(R"({"path":"/embeddings","model":"up","input":["a","b"],"dimensions":2,
      "encoding_format":"base64","user":"u","new":{"x":[1.5]}})")
                     .value());
  EXPECT_TRUE(lost.empty());
  out = sent(Dialect::mistral,
             R"({"model":"m","input":"a","output_dimension":3,"output_dtype":"int8","metadata":{"k":1}})",
             Dialect::mistral, &lost);
  EXPECT_EQ(out, parse_json(R"({"path":"/embeddings","model":"up","input":"a","output_dimension":3,
      "output_dtype":"int8","metadata":{"k":1}})")
                     .value());
  EXPECT_TRUE(lost.empty());
}

TEST(Embeddings, of_two_inputs_the_last_one_counts) {
  EXPECT_EQ(sent(Dialect::openai, R"({"model":"m","input":"a","input":["b","c"]})", Dialect::openai)["input"],
            json({"b", "c"}));
}

TEST(Embeddings, tokens_pass_to_openai_only) {
  const auto one = R"({"model":"m","input":[1,2,3]})", list = R"({"model":"m","input":[[1,2],[3]]})";
  EXPECT_EQ(sent(Dialect::openai, one, Dialect::openai)["input"].dump(), "[1,2,3]");
  EXPECT_EQ(sent(Dialect::openai, list, Dialect::openai)["input"].dump(), "[[1,2],[3]]");
  std::vector<std::string> lost;
  sent(Dialect::openai, one, Dialect::mistral, &lost);
  sent(Dialect::openai, one, Dialect::gemini, &lost);
  EXPECT_THAT(lost, ElementsAre("!input", "!input"));
}

TEST(Embeddings, openai_in_others_words) {
  std::vector<std::string> lost;
  auto out = sent(Dialect::openai, openai_call, Dialect::mistral, &lost);
  EXPECT_EQ(out["output_dimension"], 2);
  EXPECT_FALSE(out.contains("encoding_format")) << "floats are what must be read here";
  EXPECT_THAT(lost, ElementsAre("user", "new"));
  lost.clear();
  out = sent(Dialect::openai, openai_call, Dialect::gemini, &lost);
  EXPECT_EQ(out["path"], "/models/up:batchEmbedContents");
  ASSERT_EQ(out["requests"].size(), 2U);
  EXPECT_EQ(out["requests"][1], parse_json(R"({"model":"models/up","content":{"parts":[{"text":"b"}]},
      "outputDimensionality":2})")
                                    .value());
  EXPECT_THAT(lost, ElementsAre("user", "new"));
  EXPECT_EQ(sent(Dialect::openai, R"({"model":"m","input":"a"})", Dialect::gemini)["path"],
            "/models/up:embedContent");
}

TEST(Embeddings, mistral_is_known_by_its_words) {
  const auto request =
      decode_embed_request(Dialect::openai, R"({"model":"m","other":1,"input":"a","output_dimension":8})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->from, Dialect::mistral);
  EXPECT_EQ(request->others.front().from, Dialect::mistral);
  std::vector<std::string> lost;
  const auto out =
      sent(Dialect::mistral, R"({"model":"m","input":"a","output_dimension":8,"output_dtype":"int8"})",
           Dialect::openai, &lost);
  EXPECT_EQ(out["dimensions"], 8);
  EXPECT_THAT(lost, ElementsAre("!output_dtype"));
}

TEST(Embeddings, gemini_both_ways_of_asking) {
  const auto one = R"({"content":{"parts":[{"text":"a"},{"text":"b"}]},"task_type":"RETRIEVAL_QUERY",
      "outputDimensionality":4,"title":"t","new":1})";
  std::vector<std::string> lost;
  auto out = sent(Dialect::gemini, one, Dialect::gemini, &lost, Shape::one);
  EXPECT_EQ(
      out,
      parse_json(R"({"path":"/models/up:embedContent","model":"models/up","content":{"parts":[{"text":"ab"}]},
      "taskType":"RETRIEVAL_QUERY","title":"t","outputDimensionality":4,"new":1})")
          .value());
  EXPECT_TRUE(lost.empty());
  out = sent(Dialect::gemini, one, Dialect::openai, &lost, Shape::one);
  EXPECT_EQ(out["input"], "ab");
  EXPECT_EQ(out["dimensions"], 4);
  EXPECT_THAT(lost, ElementsAre("taskType", "title", "new"));

  const auto list =
      R"({"requests":[{"model":"models/asked","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT"},
      {"content":{"parts":[{"text":"b"}]},"outputDimensionality":2}]})";
  const auto request = decode_embed_request(Dialect::gemini, list, "asked");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->inputs[0].purpose, EmbedInput::Purpose::passage);
  EXPECT_EQ(request->inputs[1].purpose, EmbedInput::Purpose::any);
  lost.clear();
  sent(Dialect::gemini, list, Dialect::mistral, &lost);
  EXPECT_THAT(lost, testing::Contains("!requests[1].outputDimensionality"));
}

TEST(Embeddings, a_content_of_more_than_texts_stays_as_it_came) {
  const auto call =
      R"({"content":{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}})";
  const auto out = sent(Dialect::gemini, call, Dialect::gemini, nullptr, Shape::one);
  EXPECT_EQ(out["content"]["parts"].size(), 2U);
  std::vector<std::string> lost;
  sent(Dialect::gemini, call, Dialect::openai, &lost, Shape::one);
  EXPECT_THAT(lost, ElementsAre("!requests[0].content"));
}

TEST(Embeddings, wrong_fields_are_named) {
  EXPECT_EQ(wrong_field(Dialect::openai, R"({"input":"a"})"), "invalid_model");
  EXPECT_EQ(wrong_field(Dialect::openai, R"({"model":"m"})"), "invalid_input");
  EXPECT_EQ(wrong_field(Dialect::openai, R"({"model":"m","input":[]})"), "invalid_input");
  EXPECT_EQ(wrong_field(Dialect::openai, R"({"model":"m","input":["a",7]})"), "invalid_input");
  EXPECT_EQ(wrong_field(Dialect::openai, R"({"model":"m","input":"a","dimensions":0})"),
            "invalid_dimensions");
  EXPECT_EQ(wrong_field(Dialect::openai, R"({"model":"m","input":"a","encoding_format":"hex"})"),
            "invalid_encoding_format");
  EXPECT_EQ(wrong_field(Dialect::openai, "[1]"), "not_an_object");
  EXPECT_EQ(wrong_field(Dialect::gemini, R"({"requests":[{"content":{"parts":[]}}]})"),
            "invalid_requests[0].content");
  EXPECT_EQ(wrong_field(Dialect::gemini, R"({"requests":[]})"), "invalid_requests");
  EXPECT_EQ(wrong_field(Dialect::gemini, R"({"taskType":"x"})", Shape::one), "invalid_content");
  std::string many = R"({"model":"m","input":[)";
  for (std::size_t i = 0; i <= embed_inputs_max; ++i) many += i == 0 ? "\"a\"" : ",\"a\"";
  EXPECT_EQ(wrong_field(Dialect::openai, many + "]}"), "invalid_input");
}

TEST(Embeddings, answers_are_read_as_they_were_made_and_written_in_the_callers_words) {
  const auto read = decode_embed_answer(
      Dialect::openai,
      R"({"data":[{"index":1,"embedding":[3,0.1]},{"index":0,"embedding":"AACAPwAAAEA="}],"usage":{"prompt_tokens":9}})",
      2);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->vectors[0], ElementsAre(1.0F, 2.0F));
  EXPECT_THAT(read->vectors[1], ElementsAre(3.0F, 0.1F));
  ASSERT_TRUE(read->usage);
  EXPECT_EQ(read->usage->input, 9);
  EmbedRequest asked;
  asked.inputs.resize(2);
  auto out = parse_json(encode_embed_answer(asked, *read, "emb_1", "m")).value();
  EXPECT_EQ(out["data"][1]["embedding"].dump(), "[3,0.1]") << "the shortest that reads back";
  EXPECT_EQ(out["usage"]["total_tokens"], 9);
  asked.encoding = EmbedRequest::Encoding::base64;
  out = parse_json(encode_embed_answer(asked, *read, "emb_1", "m")).value();
  EXPECT_EQ(out["data"][0]["embedding"], "AACAPwAAAEA=");
  asked.from = Dialect::gemini;
  out = parse_json(encode_embed_answer(asked, *read, "", "")).value();
  EXPECT_EQ(out["embeddings"][0]["values"].dump(), "[1,2]");
  asked.shape = Shape::one;
  out = parse_json(encode_embed_answer(asked, *read, "", "")).value();
  EXPECT_EQ(out["embedding"]["values"].size(), 2U);
  EXPECT_EQ(out["usageMetadata"]["promptTokenCount"], 9);
}

TEST(Embeddings, answers_that_are_none_are_refused) {
  const auto detail = [](std::string_view body, std::size_t expected) {
    const auto read = decode_embed_answer(Dialect::openai, body, expected);
    return read ? std::string() : read.error().detail;
  };
  EXPECT_EQ(detail("<html>", 1), "invalid_json");
  EXPECT_EQ(detail(R"({"data":[{"embedding":[1]}]})", 2), "invalid_json");
  EXPECT_EQ(detail(R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", 2),
            "invalid_json");
  EXPECT_EQ(detail(R"({"data":[{"index":7,"embedding":[1]}]})", 1), "invalid_json");
  EXPECT_EQ(detail(R"({"data":[{"embedding":["x"]}]})", 1), "invalid_json");
  EXPECT_EQ(detail(R"({"data":[{"embedding":"AAA"}]})", 1), "invalid_json");
}

}  // namespace
}  // namespace bastide::dialects
