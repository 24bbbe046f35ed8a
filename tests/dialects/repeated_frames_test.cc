#include "dialects/repeated_frames.h"

#include <gtest/gtest.h>

#include "tests/dialects/recordings.h"

namespace bastide::dialects {
namespace {

std::string chunk(std::string_view text_json, std::string_view more = {}) {
  return R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":)" +
         std::string(text_json) + R"(},"finish_reason":null}])" + std::string(more) + "}";
}

/// What a decoder's events are, written in one dialect.
struct Said {
  explicit Said(std::unique_ptr<StreamDecoder> with) : decoder(std::move(with)) {}
  void feed(std::string_view event, std::string_view data) {
    std::vector<StreamEvent> events;
    if (auto fed = decoder->feed(event, data, events); !fed) text += "error " + fed.error().detail;
    for (const auto& each : events) {
      indices += " " + std::to_string(each.index());
      encoder->feed(each, text, losses);
    }
  }
  std::unique_ptr<StreamDecoder> decoder;
  std::unique_ptr<StreamEncoder> encoder = anthropic_codec().stream_encoder({"x", "m", 1, true});
  Losses losses;
  std::string text, indices;
};

void expect_same(const Codec& codec, const std::vector<std::pair<std::string, std::string>>& frames) {
  Said plain(codec.stream_decoder());
  Said short_way(std::make_unique<RepeatedFrames>(codec.stream_decoder()));
  for (const auto& [event, data] : frames) {
    plain.feed(event, data);
    short_way.feed(event, data);
  }
  EXPECT_EQ(plain.indices, short_way.indices);
  EXPECT_EQ(plain.text, short_way.text);
}

TEST(RepeatedFrames, SayWhatTheDecoderSays) {
  std::vector<std::pair<std::string, std::string>> frames;
  for (const auto& data :
       {chunk(R"("Bon")"), chunk(R"("jour")"), chunk(R"(" à tous")"), chunk(R"("a \"word\"\n")"),
        chunk(R"("m")"), chunk(R"("c")"), chunk(R"("")"), chunk("null"), chunk(R"("x")"),
        chunk(R"("y")", R"(,"usage":{"prompt_tokens":1,"completion_tokens":2})"), chunk(R"("y")"),
        chunk(
            R"("a","tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}],"role":"b")"),
        chunk(R"("after")"), chunk(R"("the tool")"), chunk("\"\xff\""), chunk(R"("end")"),
        std::string("[DONE]"), chunk(R"("late")")})
    frames.emplace_back("", data);
  expect_same(openai_codec(), frames);
}

struct Counting final : StreamDecoder {
  explicit Counting(int& frames) : count(frames) {}
  Result<void> feed(std::string_view event, std::string_view data, std::vector<StreamEvent>& out) override {
    ++count;
    return decoder->feed(event, data, out);
  }
  Result<void> finish(std::vector<StreamEvent>& out) override { return decoder->finish(out); }
  int& count;
  std::unique_ptr<StreamDecoder> decoder = openai_codec().stream_decoder();
};

TEST(RepeatedFrames, AreNotParsed) {
  int parsed = 0;
  RepeatedFrames frames(std::make_unique<Counting>(parsed));
  std::vector<StreamEvent> events;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(frames.feed("", chunk("\"word\""), events));
  EXPECT_EQ(parsed, 2) << "the first begins the answer, the second shows what a piece of text looks like";
  ASSERT_TRUE(frames.feed("", chunk(R"("w")", R"(,"other":1)"), events));
  EXPECT_EQ(parsed, 3);
}

TEST(RepeatedFrames, SayWhatTheDecodersSayOfEveryRecordedStream) {
  const std::vector<std::pair<std::string, const Codec*>> folders{{"openai/chat", &openai_codec()},
                                                                  {"openai/responses", &responses_codec()},
                                                                  {"anthropic", &anthropic_codec()},
                                                                  {"google", &gemini_codec()},
                                                                  {"mistral", &mistral_codec()}};
  int streams = 0;
  for (const auto& [name, codec] : folders) {
    const auto folder = test::recordings(name);
    if (folder.empty()) continue;
    for (const auto& file : test::files_of(folder, ".chunks.txt")) {
      std::vector<std::pair<std::string, std::string>> frames;
      for (const auto& line : test::lines_of(file)) {
        const auto json = test::Json::parse(line, nullptr, false);
        frames.emplace_back(json.is_object() && json.contains("type") ? json["type"].get<std::string>() : "",
                            line);
      }
      SCOPED_TRACE(file);
      expect_same(*codec, frames);
      ++streams;
    }
  }
  if (streams == 0) GTEST_SKIP() << "no recordings";
}

}  // namespace
}  // namespace bastide::dialects
