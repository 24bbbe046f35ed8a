#include "models/local/sampling.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bastide::models::local {
namespace {

Result<Sampling> read(const char* json) { return read_sampling(nlohmann::json::parse(json)); }

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

TEST(Sampling, TakesSchemasFromEitherPlace) {
  EXPECT_EQ(read(R"({"response_format":{"type":"json_object"}})")->json_schema, R"({"type":"object"})");
  EXPECT_EQ(read(R"({"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array"}}}})")
                ->json_schema,
            R"({"type":"array"})");
  EXPECT_EQ(read(R"({"json_schema":{"type":"string"}})")->json_schema, R"({"type":"string"})");
  EXPECT_TRUE(read(R"({"response_format":{"type":"text"}})")->json_schema.empty());
}

TEST(Sampling, NamesTheFieldThatIsWrong) {
  for (const char* wrong :
       {R"({"temperature":"hot"})", R"({"temperature":99})", R"({"top_p":-1})", R"({"top_k":1.5})",
        R"({"seed":"x"})", R"({"stop":5})", R"({"stop":[1]})", R"({"grammar":{}})", R"({"ignore_eos":"yes"})",
        R"({"response_format":"json"})", R"({"json_schema":[]})",
        R"({"grammar":"root ::= \"a\"","json_schema":{"type":"object"}})"}) {
    const auto result = read(wrong);
    ASSERT_FALSE(result) << wrong;
    EXPECT_EQ(result.error().code, Code::invalid);
    EXPECT_EQ(result.error().detail, "bad_request");
    EXPECT_FALSE(result.error().message.empty());
  }
}

}  // namespace
}  // namespace bastide::models::local
