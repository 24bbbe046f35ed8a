#include "models/providers/openai_chunk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/models/scratch.h"

namespace bastide::models {
namespace {

std::string data_file(const std::string& name) {
  const char* given = std::getenv("BASTIDE_TEST_DATA");
  const std::string folder = given ? given : std::string(BASTIDE_SOURCE_DIR) + "/../shared/data";
  return folder + "/wire/" + name;
}

struct Read {
  std::string text, reasoning, tool_calls;
  std::optional<exchange::Finish> finish;
  std::optional<exchange::Usage> usage;
};

/// All chunks of a recording: one JSON event a line.
std::optional<Read> read_recording(const std::string& name) {
  std::ifstream in(data_file(name));
  if (!in) return std::nullopt;
  ChunkParser parser;
  Read out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    auto chunk = parser.parse(line);
    EXPECT_TRUE(chunk) << line;
    if (!chunk) continue;
    EXPECT_FALSE(chunk->is_error);
    out.text += chunk->text;
    out.reasoning += chunk->reasoning;
    out.tool_calls += chunk->tool_calls;
    if (chunk->finish) out.finish = chunk->finish;
    if (chunk->usage) out.usage = chunk->usage;
  }
  return out;
}

TEST(Chunk, ReadsTheRecordingsOfOpenAi) {
  const auto plain = read_recording("openai/chat/openai-text.chunks.txt");
  if (!plain) GTEST_SKIP() << "no data";
  EXPECT_GT(plain->text.size(), 500U);
  EXPECT_EQ(plain->finish, exchange::Finish::stop);
  ASSERT_TRUE(plain->usage);
  EXPECT_EQ(plain->usage->input_tokens, 16);
  EXPECT_EQ(plain->usage->output_tokens, 300);
  const auto azure = read_recording("openai/chat/azure-model-router.1.chunks.txt");
  ASSERT_TRUE(azure);
  EXPECT_FALSE(azure->text.empty());
  EXPECT_EQ(azure->finish, exchange::Finish::stop);
  EXPECT_TRUE(azure->usage);
}

TEST(Chunk, ReadsTheRecordingsOfMistral) {
  const auto plain = read_recording("mistral/mistral-text.chunks.txt");
  if (!plain) GTEST_SKIP() << "no data";
  EXPECT_FALSE(plain->text.empty());
  EXPECT_TRUE(plain->usage) << "usage rides the chunk that finishes";
  const auto reasoning = read_recording("mistral/mistral-reasoning.chunks.txt");
  EXPECT_FALSE(reasoning->reasoning.empty());
  EXPECT_FALSE(reasoning->text.empty());
  const auto tool = read_recording("mistral/mistral-tool-call.chunks.txt");
  EXPECT_FALSE(tool->tool_calls.empty());
  EXPECT_EQ(tool->finish, exchange::Finish::tool_calls);
}

TEST(Chunk, ReadsWholeAnswers) {
  const std::string json = test::read_file(data_file("openai/chat/openai-text.json"));
  if (json.empty()) GTEST_SKIP() << "no data";
  ChunkParser parser;
  const auto whole = parser.parse_whole(json);
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->text.starts_with("**Holiday Name:**"));
  EXPECT_EQ(whole->finish, exchange::Finish::stop);
  EXPECT_EQ(whole->usage->output_tokens, 363);
}

TEST(Chunk, TakesUsageAndReasoningWhereverTheyAre) {
  ChunkParser parser;
  auto chunk =
      parser.parse(R"({"choices":[{"index":0,"delta":{"reasoning_content":"hm"},"usage":{"prompt_tokens":4,
      "completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}}]})");
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->reasoning, "hm");
  ASSERT_TRUE(chunk->usage);
  EXPECT_EQ(chunk->usage->cached_input_tokens, 3);
  chunk = parser.parse(R"({"choices":[{"delta":{"reasoning":"ok","content":null}}],"usage":null})");
  EXPECT_EQ(chunk->reasoning, "ok");
  EXPECT_FALSE(chunk->usage);
  EXPECT_TRUE(parser.parse(R"({"choices":[{"index":1,"delta":{"content":"other"}}]})")->text.empty());
  EXPECT_TRUE(parser.parse(R"({"type":"ping"})"));
}

TEST(Chunk, RepairsLoneHalvesOfCharacters) {
  ChunkParser parser;
  const auto chunk =
      parser.parse(R"({"choices":[{"delta":{"content":"a\ud83d b\ude00 \ud83d\ude00 \\ud83d"}}]})");
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->text, "a\uFFFD b\uFFFD 😀 \\ud83d");
}

TEST(Chunk, RefusesWhatIsNotTheFormat) {
  ChunkParser parser;
  for (const char* wrong : {"", "{", "[]", "null", R"({"choices":[{"delta":{"content":"a})", "<html>",
                            R"({"choices":[3]})", "{\"choices\":[{\"delta\":{\"content\":\"\xFF\"}}]}"})
    EXPECT_EQ(parser.parse(wrong).error().detail, "invalid_json") << wrong;
  EXPECT_FALSE(parser.parse_whole(R"({"choices":[]})"));
  EXPECT_FALSE(parser.parse(std::string(5000, '[')));
}

TEST(Chunk, KeepsOnlyPlainWordsOfErrors) {
  ChunkParser parser;
  const auto chunk = parser.parse(
      R"({"error":{"message":"Incorrect key sk-secret","type":"invalid_request_error","code":"bad key!"}})");
  ASSERT_TRUE(chunk && chunk->is_error);
  EXPECT_EQ(chunk->error_code, "invalid_request_error");
  EXPECT_TRUE(parser.parse(R"({"error":"plain"})")->is_error);
}

TEST(Chunk, ReadsAndChecksVectors) {
  ChunkParser parser;
  const auto vectors =
      parser.parse_vectors(R"({"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]})", 2);
  ASSERT_TRUE(vectors);
  EXPECT_FLOAT_EQ((*vectors)[0][0], 0.6F);
  EXPECT_FLOAT_EQ((*vectors)[1][1], 1.0F);
  const auto packed = parser.parse_vectors(R"({"data":[{"index":0,"embedding":"AABAQAAAgEA="}]})", 1);
  ASSERT_TRUE(packed);
  EXPECT_FLOAT_EQ((*packed)[0][1], 0.8F);
  for (const char* wrong :
       {R"({"data":[]})", R"({"data":[{"index":5,"embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[]}]})", R"({"data":[{"index":0,"embedding":["a"]}]})",
        R"({"data":[{"index":0,"embedding":[0,0]}]})", R"({"error":{}})"})
    EXPECT_FALSE(parser.parse_vectors(wrong, 1)) << wrong;
}

}  // namespace
}  // namespace bastide::models
