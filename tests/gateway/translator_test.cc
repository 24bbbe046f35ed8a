// A stream that is translated, or gets its values back: the short way of a frame gives what the long one
// gives.
#include "gateway/translator.h"

#include <gtest/gtest.h>

#include <random>

#include "gateway/frame_stencil.h"

namespace bastide::gateway {
namespace {

using namespace dialects;

constexpr std::string_view token = "[EMAIL_1]", value = "marie@example.com";

/// Holds back what may become the token, as the guard's does.
struct HoldingRestorer final : exchange::Restorer {
  std::string feed(std::string_view text) override {
    held += text;
    return restore(false);
  }
  bool passes(std::string_view text) override {
    if (!held.empty() || text.find('[') != std::string_view::npos) return false;
    ++passed;
    return true;
  }
  std::string restore_json(std::string_view json) override { return std::string(json); }
  std::string finish() override { return restore(true); }
  [[nodiscard]] std::unique_ptr<Restorer> another() const override {
    return std::make_unique<HoldingRestorer>();
  }
  [[nodiscard]] std::size_t unresolved() const override { return 0; }

  std::string restore(bool at_end) {
    for (auto at = held.find(token); at != std::string::npos; at = held.find(token))
      held.replace(at, token.size(), value);
    auto shown = held.size();
    if (!at_end)
      if (const auto bracket = held.rfind('[');
          bracket != std::string::npos && token.starts_with(held.substr(bracket)))
        shown = bracket;
    auto out = held.substr(0, shown);
    held.erase(0, shown);
    return out;
  }

  std::string held;
  int passed = 0;
};

std::vector<StreamEvent> answer(const std::vector<std::string>& pieces) {
  std::vector<StreamEvent> out{Start{"one", "m", 1'700'000'000}, PartStart{0, 0, Part{Text{}}}};
  for (const auto& piece : pieces) out.emplace_back(TextDelta{0, piece});
  out.emplace_back(PartEnd{0});
  out.emplace_back(PartStart{0, 1, Part{ToolCall{.id = "call_1", .name = "look", .arguments = {}}}});
  out.emplace_back(ArgumentsDelta{0, R"({"place":)"});
  out.emplace_back(ArgumentsDelta{0, R"("Lyon"})"});
  out.emplace_back(PartEnd{0});
  Usage usage;
  usage.input = 5;
  usage.output = 7;
  out.emplace_back(UsageGiven{usage});
  out.emplace_back(Finished{.choice = 0, .finish = Finish::tool_calls});
  out.emplace_back(End{});
  return out;
}

std::string written_by(const Codec& codec, const std::vector<StreamEvent>& events) {
  std::string out;
  Losses losses;
  const auto encoder = codec.stream_encoder({"one", "m", 1'700'000'000, true});
  for (const auto& event : events) encoder->feed(event, out, losses);
  return out;
}

struct Heard {
  std::string bytes;
  std::int64_t events = 0;
};

Heard heard(const Codec& theirs, const Codec& callers, std::string_view stream, exchange::Restorer* restorer,
            const std::function<std::size_t()>& step) {
  Translator::Wanted wanted;
  wanted.stream = true;
  wanted.exchange = "x1";
  wanted.model = "ours";
  wanted.created_s = 1'700'000'001;
  Translator translator(theirs, callers, wanted, restorer);
  net::Headers head{{"content-type", "text/event-stream"}};
  EXPECT_EQ(translator.on_head(200, head), Translator::Verdict::rewrite);
  Heard out;
  for (std::size_t at = 0; at < stream.size();) {
    const auto size = std::min(step(), stream.size() - at);
    translator.on_body(stream.substr(at, size));
    out.bytes += translator.rewritten();
    at += size;
  }
  out.bytes += translator.on_end(nullptr);
  out.events = translator.events();
  EXPECT_FALSE(translator.fault()) << translator.fault()->message;
  return out;
}

std::vector<std::string> random_pieces(std::mt19937& pick) {
  static const std::vector<std::string> words{
      "the ", "budget",    " of ", "1",       "\n", "\"quoted\"", "é",  "été ",   "\\",    "[",   "EMAIL",
      "_1]",  "[EMAIL_1]", " [EM", "AIL_1] ", "]",  "\t",         "😀", "data: ", "index", "text"};
  std::vector<std::string> out;
  for (int left = 60; left > 0; --left) out.push_back(words[pick() % words.size()]);
  return out;
}

TEST(Translator, SaysTheSameHoweverTheStreamIsSplit) {
  std::mt19937 pick(7);
  const std::vector<const Codec*> codecs{&openai_codec(), &mistral_codec(), &anthropic_codec(),
                                         &gemini_codec()};
  for (int round = 0; round < 8; ++round) {
    const auto events = answer(random_pieces(pick));
    for (const auto* theirs : codecs)
      for (const auto* callers : {&openai_codec(), &mistral_codec(), &anthropic_codec(), &gemini_codec(),
                                  &responses_codec(), &gemini_list_codec()})
        for (const bool restores : {false, true}) {
          SCOPED_TRACE(std::string(dialect_name(theirs->dialect())) + " to " +
                       std::string(dialect_name(callers->dialect())));
          const auto stream = written_by(*theirs, events);
          HoldingRestorer restorers[3];
          const auto of = [&](int i) { return restores ? &restorers[i] : nullptr; };
          // A frame that comes in pieces is always read.
          const auto bytes = heard(*theirs, *callers, stream, of(0), [] { return std::size_t{1}; });
          const auto whole = heard(*theirs, *callers, stream, of(1), [&] { return stream.size(); });
          const auto split =
              heard(*theirs, *callers, stream, of(2), [&] { return std::size_t{1} + pick() % 700; });
          EXPECT_EQ(whole.bytes, bytes.bytes);
          EXPECT_EQ(split.bytes, bytes.bytes);
          EXPECT_EQ(whole.events, bytes.events);
          EXPECT_EQ(split.events, bytes.events);
          EXPECT_EQ(restorers[0].passed, 0);
        }
  }
}

TEST(Translator, DoesNotReadFramesThatRepeat) {
  const std::vector<std::string> pieces(50, "word ");
  auto several = pieces;
  for (std::size_t i = 0; i < several.size(); ++i) several[i] += std::to_string(i);
  for (const auto* codec : {&openai_codec(), &mistral_codec(), &anthropic_codec(), &gemini_codec()}) {
    HoldingRestorer restorer;
    const auto stream = written_by(*codec, answer(several));
    (void)heard(*codec, *codec, stream, &restorer, [&] { return stream.size(); });
    EXPECT_GE(restorer.passed, 45) << dialect_name(codec->dialect());
  }
}

TEST(Translator, EndsABrokenStreamOfFramesThatRepeatAsAnError) {
  const auto stream = written_by(openai_codec(), answer(std::vector<std::string>(20, "word ")));
  Translator::Wanted wanted;
  wanted.stream = true;
  Translator translator(openai_codec(), anthropic_codec(), wanted, nullptr);
  net::Headers head{{"content-type", "text/event-stream"}};
  (void)translator.on_head(200, head);
  translator.on_body(std::string_view(stream).substr(0, stream.size() / 2));
  EXPECT_NE(std::string(translator.rewritten()).find("word "), std::string::npos);
  EXPECT_NE(translator.on_end(nullptr).find("event: error"), std::string::npos);
}

TEST(Translator, EndsWhereAnEventGrowsTooLong) {
  const auto stream = written_by(openai_codec(), answer(std::vector<std::string>(20, "word ")));
  Translator::Wanted wanted;
  wanted.stream = true;
  Translator translator(openai_codec(), anthropic_codec(), wanted, nullptr);
  net::Headers head{{"content-type", "text/event-stream"}};
  (void)translator.on_head(200, head);
  translator.on_body(std::string_view(stream).substr(0, stream.size() / 2));
  EXPECT_EQ(std::string(translator.rewritten()).find("event: error"), std::string::npos);
  translator.on_body("\n\ndata: {\"x\":\"");
  const std::string piece(1024 * 1024, 'x');
  for (std::size_t sent = 0; sent <= Translator::event_bytes_max; sent += piece.size())
    translator.on_body(piece);
  ASSERT_TRUE(translator.fault());
  EXPECT_NE(std::string(translator.rewritten()).find("event: error"), std::string::npos);
}

TEST(FrameStencil, TakesOnlyWhatIsCertain) {
  FrameStencil stencil;
  const std::string read = "data: {\"t\":\"one\",\"n\":1}\n\n",
                    written = "event: e\ndata: {\"w\":\"one\"}\n\n";
  stencil.learn(read, written, "one");
  const auto match = stencil.match("data: {\"t\":\"deux é\",\"n\":1}\n\nmore");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->text, "deux é");
  EXPECT_EQ(match->frame_bytes, std::string_view("data: {\"t\":\"deux é\",\"n\":1}\n\n").size());
  std::string out;
  stencil.write(match->text, out);
  EXPECT_EQ(out, "event: e\ndata: {\"w\":\"deux é\"}\n\n");

  for (const char* other :
       {"data: {\"t\":\"two\",\"n\":2}\n\n", "data: {\"t\":\"\",\"n\":1}\n\n",
        "data: {\"t\":\"a\\n\",\"n\":1}\n\n", "data: {\"t\":\"\xff\",\"n\":1}\n\n",
        "data: {\"t\":\"two\",\"n\":1}\n", "data: {\"t\":\"two", "data: {\"t\":\"a\nb\",\"n\":1}\n\n", ""})
    EXPECT_FALSE(stencil.match(other)) << other;
  stencil.forget();
  EXPECT_FALSE(stencil.match(read));

  stencil.learn("data: {\"t\":\"one\",\"k\":\"one\"}\n\n", written, "one");
  EXPECT_FALSE(stencil.match("data: {\"t\":\"one\",\"k\":\"one\"}\n\n")) << "which of the two is the text?";
  stencil.learn(read, written + written, "one");
  EXPECT_FALSE(stencil.match(read)) << "two frames";
  stencil.learn(read, "data: {\"w\":\"one\"}", "one");
  EXPECT_FALSE(stencil.match(read)) << "a frame that goes on";
}

TEST(FrameStencil, FindsWhereAFrameEnds) {
  EXPECT_EQ(first_frame_bytes("data: 1\n\ndata: 2\n\n"), 9U);
  EXPECT_EQ(first_frame_bytes("data: 1\r\n\r\ndata: 2\r\n\r\n"), 11U);
  EXPECT_EQ(first_frame_bytes("event: a\ndata: 1\n\nx"), 18U);
  EXPECT_EQ(first_frame_bytes("data: 1\n"), 8U);
  EXPECT_EQ(first_frame_bytes("\n\ndata"), 2U);
}

}  // namespace
}  // namespace bastide::gateway
