#include "dialects/field_walk.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/id.h"
#include "dialects/scan.h"

namespace bastide::dialects {
namespace {

// What the walk says of `json`, which ends where memory that may be read does not.
std::string walked(std::string json) {
  const auto size = json.size();
  json.append(64, '"');
  FieldWalk walk(std::string_view(json).substr(0, size));
  std::string out;
  for (;;) {
    switch (walk.next()) {
      case FieldWalk::Step::field:
        out += std::string(walk.key()) + "=" + std::string(walk.value()) + ";";
        continue;
      case FieldWalk::Step::end:
        return out;
      case FieldWalk::Step::unsure:
        return out + "?";
    }
  }
}

TEST(FieldWalk, GivesNamesAndValuesAsTheyStand) {
  EXPECT_EQ(walked(R"({})"), "");
  EXPECT_EQ(walked(" { } \n"), "");
  EXPECT_EQ(walked(R"({"a":1,"b" : "x\"}{" , "c":{"d":[1,{"e":"]"}]},"f":null})"),
            R"(a=1;b="x\"}{";c={"d":[1,{"e":"]"}]};f=null;)");
  const std::string text(1000, 'x');
  EXPECT_EQ(walked("{\"long\":\"" + text + "\\\\\",\"z\":[\"" + text + "\"]}"),
            "long=\"" + text + "\\\\\";z=[\"" + text + "\"];");
  EXPECT_EQ(walked("{\"é\":\"été\"}"), "é=\"été\";");
}

TEST(FieldWalk, IsUnsureOfWhatReadersMayReadDifferently) {
  for (const std::string json : {"",
                                 "[]",
                                 "null",
                                 "{",
                                 "{\"a\"",
                                 "{\"a\":",
                                 "{\"a\":}",
                                 "{\"a\":1",
                                 "{\"a\":1}}",
                                 "{\"a\":1}x",
                                 "{\"a\" 1}",
                                 "{,}",
                                 "{\"a\":1,}",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\\u0062\":1}",
                                 "{\"a\":\"\n\"}",
                                 "{\"a\":\"",
                                 "{\"a\":\"\\",
                                 "{\"a\":[",
                                 "{a:1}",
                                 "{\"a\":\"\xff\"}",
                                 "{\"\xff\":1}",
                                 "{\"a\":[\"\xff\"]}"})
    EXPECT_TRUE(walked(json).ends_with("?")) << json;
  EXPECT_TRUE(walked("{\"a\":" + std::string(600, '[') + std::string(600, ']') + "}").ends_with("?"));
}

TEST(FieldWalk, SeesIdsOfFilesThatWereLeftHere) {
  const auto id = new_id("file");
  Scanner scanner;
  for (const auto& [value, names] :
       std::vector<std::pair<std::string, bool>>{{"\"" + id + "\"", true},
                                                 {"[1,{\"file_id\":\"" + id + "\"}]", true},
                                                 {"\"" + id + "x\"", false},
                                                 {"\"file_id\"", false},
                                                 {"\"file_search_in_the_whole_library\"", false},
                                                 {"\"see " + id + "\"", false},
                                                 {"\"" + id.substr(0, 20) + "\"", false}}) {
    auto body = "{\"messages\":" + value + "}";
    const auto size = body.size();
    EXPECT_EQ(scanner.head_of_request(Dialect::openai, "/", body)->names_file, names) << body;
    body.append(64, 'x');
    EXPECT_EQ(
        scanner.head_of_request(Dialect::openai, "/", std::string_view(body).substr(0, size), body.size())
            ->names_file,
        names)
        << body;
  }
}

// With room behind the body the quick way is taken, without it the parser's.
TEST(FieldWalk, LeadsToTheSameHeadAsTheParser) {
  const std::vector<std::string> pieces{
      R"("model":"fast")",
      R"("stream":true)",
      R"("stream":false)",
      R"("max_tokens":12)",
      R"("n":3)",
      R"("n":0)",
      R"("stream":null)",
      R"("model":1)",
      R"("bastide":{"a":1})",
      R"("max_tokens":1.5)",
      R"("other":[1,"2",{"x":null}])",
      R"("stream_options":{"include_usage":true})",
      R"("stream_options":{"a":1,"include_usage":false})",
      R"("messages":[{"role":"user","content":"Bonjour \"vous\" {}[]"}])",
      R"("messages":[{"content":[{"image_url":{"url":"data:image/png;base64,)" + std::string(400, 'A') +
          R"("}}]}])",
      R"("max_completion_tokens":70)",
      R"("mod\u0065l":"dear")",
      R"("system":"été")",
      R"("file_id":")" + new_id("file") + '"'};
  std::mt19937 random(3);
  Scanner scanner;
  int read = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string body = "{";
    for (auto count = random() % 7; count > 0; --count)
      body += (body.size() > 1 ? "," : "") + pieces[random() % pieces.size()];
    body += "}";
    const bool damaged = random() % 4 == 0;
    if (damaged) body.insert(random() % body.size(), 1, " {}\",:\\\n"[random() % 8]);
    const auto dialect = random() % 2 == 0 ? Dialect::openai : Dialect::anthropic;
    const auto slow = scanner.head_of_request(dialect, "/", body);
    const auto size = body.size();
    const std::string model(slow ? slow->model : "");
    body.append(64, '}');
    const auto quick =
        scanner.head_of_request(dialect, "/", std::string_view(body).substr(0, size), body.size());
    // What is damaged within a value may pass: its provider will refuse it.
    if (damaged && quick && !slow) continue;
    ASSERT_EQ(quick.has_value(), slow.has_value()) << body;
    if (!quick) continue;
    ++read;
    EXPECT_EQ(quick->model, model) << body;
    EXPECT_EQ(quick->model_at, slow->model_at) << body;
    EXPECT_EQ(quick->model_bytes, slow->model_bytes) << body;
    EXPECT_EQ(quick->stream, slow->stream) << body;
    EXPECT_EQ(quick->include_usage, slow->include_usage) << body;
    EXPECT_EQ(quick->max_tokens, slow->max_tokens) << body;
    EXPECT_EQ(quick->choices, slow->choices) << body;
    EXPECT_EQ(quick->has_bastide, slow->has_bastide) << body;
    EXPECT_EQ(quick->names_file, slow->names_file) << body;
    EXPECT_NEAR(static_cast<double>(quick->input_tokens_max), static_cast<double>(slow->input_tokens_max), 1)
        << body;  // blanks behind a value
  }
  EXPECT_GT(read, 500);
}

TEST(FieldWalk, LeadsToTheSameUsageAsTheParser) {
  Scanner scanner;
  for (
      std::string body :
      {R"({"id":"x","choices":[{"usage":{"prompt_tokens":9}}],"usage":{"prompt_tokens":5,"completion_tokens":7}})",
       R"({"choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":1}"}}]})", R"({"usage":null})",
       R"({"usage":null,"usage":{"prompt_tokens":5,"completion_tokens":7}})", R"({"usage":)"}) {
    const auto slow = scanner.usage_of_answer(Dialect::openai, body);
    const auto size = body.size();
    body.append(64, '}');
    const auto quick =
        scanner.usage_of_answer(Dialect::openai, std::string_view(body).substr(0, size), body.size());
    ASSERT_EQ(quick.has_value(), slow.has_value()) << body;
    if (quick) EXPECT_EQ(quick->output, slow->output) << body;
    if (quick) EXPECT_EQ(quick->input, slow->input) << body;
  }
}

}  // namespace
}  // namespace bastide::dialects
