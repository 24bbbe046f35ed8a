#include "batches/input.h"

#include <gtest/gtest.h>

#include <memory>

namespace bastide::batches {
namespace {

std::string line(const std::string& id, const std::string& url = "/v1/embeddings") {
  return R"({"custom_id":")" + id + R"(","method":"POST","url":")" + url + R"(","body":{"z":1,"a":"b"}})";
}

std::unique_ptr<InputScan> scan_of(const std::string& text, InputBounds bounds = {}, std::size_t piece = 7) {
  auto scan = std::make_unique<InputScan>(dialects::BatchAsk{"/v1/embeddings"}, bounds);
  for (std::size_t at = 0; at < text.size(); at += piece)
    scan->feed(std::string_view(text).substr(at, piece));
  scan->finish();
  return scan;
}

std::string codes(const std::unique_ptr<InputScan>& scan) {
  std::string out;
  for (const auto& fault : scan->faults()) out += fault.code + "@" + std::to_string(fault.line) + " ";
  return out;
}

TEST(Input, lines_are_found_where_they_stand_however_the_bytes_come) {
  const auto text = line("a") + "\n\n" + line("b") + "\r\n" + line("c");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{10'000}}) {
    auto scan = scan_of(text, {}, piece);
    EXPECT_TRUE(scan->faults().empty());
    ASSERT_EQ(scan->lines().size(), 3U);
    EXPECT_EQ(scan->lines()[1].number, 3);
    const auto& last = scan->lines()[2];
    EXPECT_EQ(text.substr(static_cast<std::size_t>(last.place), static_cast<std::size_t>(last.bytes)),
              line("c"));
    const auto& middle = scan->lines()[1];
    EXPECT_EQ(text.substr(static_cast<std::size_t>(middle.place), static_cast<std::size_t>(middle.bytes)),
              line("b") + "\r");
  }
}

TEST(Input, faults_carry_openais_words_and_the_line) {
  EXPECT_EQ(codes(scan_of("")), "empty_file@0 ");
  EXPECT_EQ(codes(scan_of("\n\n")), "empty_file@0 ");
  EXPECT_EQ(codes(scan_of(line("a") + "\n{\"custom\n" + line("a") + "\n[1]")),
            "invalid_json_line@2 duplicate_custom_id@3 invalid_json_line@4 ");
  EXPECT_EQ(codes(scan_of(line("a", "/v1/responses"))), "url_mismatch@1 ");
  EXPECT_EQ(codes(scan_of(line(std::string(513, 'x')))), "invalid_custom_id@1 ");
  EXPECT_EQ(codes(scan_of(R"({"custom_id":"a","method":"GET","url":"/v1/embeddings","body":{}})")),
            "invalid_method@1 ");
  auto missing = scan_of(R"({"custom_id":"a","method":"POST","url":"/v1/embeddings","body":"text"})");
  EXPECT_EQ(missing->faults().at(0).param, "body");
  EXPECT_EQ(codes(missing), "missing_required_parameter@1 ");
  EXPECT_EQ(codes(scan_of(R"({"custom_id":7,"method":"POST","url":"/v1/embeddings","body":{}})")),
            "missing_required_parameter@1 ");
  EXPECT_EQ(
      codes(scan_of(R"({"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"stream":true}})")),
      "batch_streams@1 ");
}

TEST(Input, bounds_end_the_reading) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += line(std::to_string(i)) + "\n";
  EXPECT_EQ(codes(scan_of(text, {.lines_max = 20})), "");
  auto many = scan_of(text, {.lines_max = 19});
  EXPECT_TRUE(many->has_enough());
  EXPECT_EQ(codes(many), "too_many_tasks@20 ");
  EXPECT_EQ(codes(scan_of(line("a") + "\n" + line(std::string(100, 'x')) + "\n", {.line_bytes_max = 100})),
            "line_too_long@2 ");
  std::string broken;
  for (int i = 0; i < 20; ++i) broken += "{\n";
  EXPECT_EQ(scan_of(broken, {.faults_max = 5})->faults().size(), 5U);
}

TEST(Input, a_body_keeps_the_order_of_its_fields) {
  dialects::BatchLineReader reader;
  const auto read = reader.read(line("a"), {"/v1/embeddings"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->body_json, R"({"z":1,"a":"b"})");
}

TEST(Input, mistrals_lines_say_less_and_take_the_model_of_their_job) {
  using Shape = dialects::BatchAsk::Shape;
  const dialects::BatchAsk ask{"/v1/chat/completions", Shape::mistral, "m"};
  InputScan scan(ask, {});
  scan.feed("{\"body\":{}}\n{\"body\":{}}\n{\"custom_id\":\"a\",\"body\":{\"x\":1}}\n");
  scan.feed("{\"custom_id\":\"b\",\"body\":{\"model\":\"own\"}}\n{\"custom_id\":\"a\",\"body\":{}}");
  scan.finish();
  ASSERT_EQ(scan.faults().size(), 1U);
  EXPECT_EQ(scan.faults()[0].code, "duplicate_custom_id");
  EXPECT_EQ(scan.lines().size(), 4U);
  dialects::BatchLineReader reader;
  EXPECT_EQ(reader.read(R"({"body":{}})", ask)->body_json, R"({"model":"m"})");
  EXPECT_EQ(reader.read(R"({"body":{"x":1}})", ask)->body_json, R"({"model":"m","x":1})");
  EXPECT_EQ(reader.read(R"({"body":{"model":"own"}})", ask)->body_json, R"({"model":"own"})");
}

}  // namespace
}  // namespace bastide::batches
