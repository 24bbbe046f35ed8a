#include "models/local/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error_text.h"

namespace bastide::models::local {
namespace {

Result<Sampling> read(const char* json) { return read_sampling(nlohmann::ordered_json::parse(json)); }

TEST(Sampling, ReadsWhatUsersOfOtherServersKnow) {
  const auto read_all = read(R"({"max_tokens":64,"temperature":0,"top_p":0.5,"top_k":20,"min_p":0.1,
      "repetition_penalty":1.1,"seed":42,"stop":["a","b"],"ignore_eos":true,"logit_bias":null})");
  ASSERT_TRUE(read_all) << read_all.error().message;
  EXPECT_EQ(read_all->max_tokens, 64);
  EXPECT_EQ(read_all->temperature, 0.0F);
  EXPECT_EQ(read_all->top_k, 20);
  EXPECT_EQ(read_all->repeat_penalty, 1.1F);
  EXPECT_EQ(read_all->seed, 42U);
  EXPECT_EQ(read_all->stop_words, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(read_all->ignore_eos);
  EXPECT_EQ(read(R"({"max_tokens":5,"max_completion_tokens":9})")->max_tokens, 9);
  EXPECT_EQ(read(R"({"n_predict":-1})")->max_tokens, 0);
  EXPECT_FALSE(read(R"({"seed":-1})")->seed);
}

TEST(Sampling, AnAdapterIsNamedInTheModel) {
  EXPECT_FALSE(read(R"({"lora":[{"id":0,"scale":1}]})")) << "ignored in silence it would be another answer";
}

TEST(Sampling, TakesSchemasFromEitherPlace) {
  EXPECT_EQ(read(R"({"response_format":{"type":"json_object"}})")->json_schema, R"({"type":"object"})");
  EXPECT_EQ(read(R"({"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array"}}}})")
                ->json_schema,
            R"({"type":"array"})");
  EXPECT_EQ(read(R"({"json_schema":{"type":"string"}})")->json_schema, R"({"type":"string"})");
  const std::string ordered =
      R"({"type":"object","properties":{"why":{"type":"string"},"answer":{"type":"string"}}})";
  EXPECT_EQ(read((R"({"json_schema":)" + ordered + "}").c_str())->json_schema, ordered) << "why comes first";
  EXPECT_TRUE(read(R"({"response_format":{"type":"text"}})")->json_schema.empty());
}

TEST(Sampling, WhatCannotBeGuaranteedIsRefusedWithItsPlaceWhereverItCame) {
  const std::string schema = R"({"type":"object","properties":{"a":{"type":"string","pattern":"(?<=a)x"}}})";
  const auto message = [&](const std::string& before, const std::string& after) {
    const auto result = read((before + schema + after).c_str());
    return result ? "" : result.error().message;
  };
  const std::string rest = R"(/properties/a: "pattern" cannot be guaranteed by a local model)";
  EXPECT_TRUE(message(R"({"json_schema":)", "}").starts_with("json_schema" + rest));
  EXPECT_TRUE(message(R"({"guided_json":)", "}").starts_with("guided_json" + rest));
  EXPECT_TRUE(
      message(R"({"structured_outputs":{"json":)", "}}").starts_with("structured_outputs.json" + rest));
  EXPECT_TRUE(message(R"({"response_format":{"type":"json_object","schema":)", "}}")
                  .starts_with("response_format.schema" + rest));
  EXPECT_TRUE(message(R"({"response_format":{"type":"json_schema","json_schema":{"schema":)", "}}}")
                  .starts_with("response_format.json_schema.schema" + rest));
  const auto kept = read(R"({"response_format":{"type":"json_object"}})");
  ASSERT_TRUE(kept);
  EXPECT_NE(kept->schema.rules.find(kept->schema.root + " ::= "), std::string::npos);
}

TEST(Sampling, ReadsBiasesInBothForms) {
  const auto openai = read(R"({"logit_bias":{"15":-100,"16":2.5}})");
  ASSERT_TRUE(openai) << openai.error().message;
  ASSERT_EQ(openai->logit_bias.size(), 2U);
  EXPECT_EQ(openai->logit_bias[0].token, 15);
  EXPECT_TRUE(std::isinf(openai->logit_bias[0].bias)) << "never";
  EXPECT_EQ(openai->logit_bias[1].bias, 2.5F);
  const auto listed = read(R"({"logit_bias":[[7,1.0],["word",false]]})");
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->logit_bias[0].token, 7);
  EXPECT_EQ(listed->logit_bias[1].text, "word");
  EXPECT_TRUE(std::isinf(listed->logit_bias[1].bias));
}

TEST(Sampling, ReadsLogprobsAndWhatModelsMustChooseFrom) {
  EXPECT_EQ(read("{}")->logprobs, -1);
  EXPECT_EQ(read(R"({"logprobs":true})")->logprobs, 0);
  EXPECT_EQ(read(R"({"logprobs":true,"top_logprobs":5})")->logprobs, 5);
  EXPECT_EQ(read(R"({"logprobs":false,"top_logprobs":5})")->logprobs, -1);
  EXPECT_EQ(read(R"({"n_probs":3})")->logprobs, 3);
  EXPECT_EQ(read(R"({"guided_choice":["yes","no \"way\""]})")->grammar, R"(root ::= "yes" | "no \"way\"")");
  EXPECT_EQ(read(R"({"structured_outputs":{"json":{"type":"array"}}})")->json_schema, R"({"type":"array"})");
  const auto more = read(R"({"xtc_probability":0.5,"dry_multiplier":0.8,"mirostat":2,"samplers":["top_k"],
      "stop_token_ids":[2]})");
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_EQ(more->xtc_probability, 0.5F);
  EXPECT_EQ(more->mirostat, 2);
  EXPECT_EQ(more->samplers, std::vector<std::string>{"top_k"});
  EXPECT_EQ(more->stop_token_ids, std::vector<std::int32_t>{2});
}

TEST(Sampling, NamesTheFieldThatIsWrong) {
  for (const char* wrong : {R"({"temperature":"hot"})",
                            R"({"temperature":99})",
                            R"({"top_p":-1})",
                            R"({"top_k":1.5})",
                            R"({"seed":"x"})",
                            R"({"stop":5})",
                            R"({"stop":[1]})",
                            R"({"grammar":{}})",
                            R"({"ignore_eos":"yes"})",
                            R"({"logit_bias":{"x":1}})",
                            R"({"logit_bias":{"1":101}})",
                            R"({"logit_bias":[[1]]})",
                            R"({"logprobs":"yes"})",
                            R"({"top_logprobs":99,"logprobs":true})",
                            R"({"guided_choice":[]})",
                            R"({"guided_regex":"a+"})",
                            R"({"stop_token_ids":[-1]})",
                            R"({"samplers":"top_k"})",
                            R"({"mirostat":3})",
                            R"({"response_format":"json"})",
                            R"({"json_schema":[]})",
                            R"({"grammar":"root ::= \"a\"","json_schema":{"type":"object"}})"}) {
    const auto result = read(wrong);
    ASSERT_FALSE(result) << wrong;
    EXPECT_EQ(result.error().code, Code::invalid);
    EXPECT_EQ(result.error().detail, "bad_request");
    const auto field = named_field(result.error());
    EXPECT_FALSE(field.empty());
    EXPECT_NE(result.error().message.find(field), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace bastide::models::local
