#include "dialects/batch_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bastide::dialects {
namespace {

using nlohmann::json;

TEST(BatchLines, a_result_is_one_line_and_is_read_again) {
  const BatchResult answered{"r1", "é\n1", 200, "ex_1", "{\n \"a\": [1,\n2]}"};
  const auto line = batch_result_line(answered);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(json::parse(line)["error"], json());
  const auto read = read_batch_result(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->custom_id, "é\n1");
  EXPECT_EQ(read->status, 200);
  EXPECT_EQ(read->exchange, "ex_1");
  EXPECT_EQ(read->body_json, R"({"a":[1,2]})");
  const BatchResult unanswered{"r2", "2", 0, "", "", "batch_expired", "Too late."};
  const auto other = read_batch_result(batch_result_line(unanswered));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 0);
  EXPECT_EQ(other->code, "batch_expired");
  EXPECT_EQ(json::parse(batch_result_line({"r3", "3", 200, "ex", "no JSON"}))["response"]["body"], json());
  EXPECT_FALSE(read_batch_result("[]"));
  EXPECT_FALSE(read_batch_result(R"({"response":{"status_code":200,"body":null}})"));
}

TEST(BatchLines, anthropics_results_say_how_each_ended) {
  const auto kind = [](const BatchResult& result) {
    return json::parse(message_batch_line(result))["result"]["type"].get<std::string>();
  };
  EXPECT_EQ(kind({"", "a", 200, "", "{}"}), "succeeded");
  EXPECT_EQ(kind({"", "a", 404, "", "{}"}), "errored");
  EXPECT_EQ(kind({"", "a", 0, "", "", "batch_expired"}), "expired");
  EXPECT_EQ(kind({"", "a", 0, "", "", "batch_cancelled"}), "canceled");
}

TEST(BatchLines, anthropics_requests_become_lines) {
  const auto read = read_message_batch(
      R"({"requests":[{"custom_id":"a","params":{"z":1,"b":2}},{"custom_id":"b","params":{}}]})",
      "/v1/messages");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->count, 2);
  BatchLineReader reader;
  const auto first = reader.read(read->lines.substr(0, read->lines.find('\n')), {"/v1/messages"});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->custom_id, "a");
  EXPECT_EQ(first->body_json, R"({"z":1,"b":2})");
  for (const auto* bad : {"[]", "{}", R"({"requests":[1]})", R"({"requests":[{"custom_id":"a"}]})"})
    EXPECT_EQ(read_message_batch(bad, "/v1/messages").error().code, Code::invalid) << bad;
}

TEST(BatchLines, mistrals_requests_stay_as_they_are) {
  const auto read = read_job_requests("{\"requests\":[{\"z\":1,\n\"a\":2}, {\"body\":{}}]}");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->lines, "{\"z\":1,\"a\":2}\n{\"body\":{}}\n");
  EXPECT_EQ(read->count, 2);
  EXPECT_FALSE(read_job_requests(R"({"requests":[]})"));
}

}  // namespace
}  // namespace bastide::dialects
