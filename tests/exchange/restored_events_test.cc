#include "exchange/restored_events.h"

#include <gtest/gtest.h>

#include "dialects/collect.h"

namespace bastide::exchange {
namespace {

using namespace dialects;

/// "[A]" stands for "Ada \"Ace\""; what follows a bracket is held back until it closes.
struct Holding final : Restorer {
  static constexpr std::string_view token = "[A]", value = "Ada \"Ace\"", escaped = R"(Ada \"Ace\")";
  std::string feed(std::string_view text) override {
    held += text;
    std::string out;
    for (;;) {
      const auto open = std::min(held.find('['), held.size());
      out += held.substr(0, open);
      held.erase(0, open);
      if (held.size() < token.size()) return out;
      out += held.starts_with(token) ? value : held.substr(0, token.size());
      held.erase(0, token.size());
    }
  }
  std::string restore_json(std::string_view json) override {
    std::string out(json);
    for (auto at = out.find(token); at != std::string::npos; at = out.find(token, at + 1))
      out.replace(at, token.size(), escaped);
    return out;
  }
  std::string finish() override { return std::exchange(held, {}); }
  [[nodiscard]] std::unique_ptr<Restorer> another() const override { return std::make_unique<Holding>(); }
  [[nodiscard]] std::size_t unresolved() const override { return 0; }
  std::string held;
};

class RestoredEventsTest : public ::testing::Test {
 protected:
  void feed(StreamEvent event) {
    out.clear();
    ASSERT_TRUE(events.feed(std::move(event), out));
    for (const auto& each : out) {
      ASSERT_TRUE(collector.feed(each));
      names += " " + std::to_string(each.index());
    }
  }
  void begin(std::variant<Text, Media, ToolCall, ToolResult, Reasoning, Refusal, Raw> content) {
    Part part;
    part.content = std::move(content);
    feed(PartStart{0, index++, std::move(part)});
  }
  const std::vector<Part>& parts() { return collector.so_far().choices.at(0).parts; }

  Holding restorer;
  RestoredEvents events{restorer};
  std::vector<StreamEvent> out;
  Collector collector;
  std::string names;
  int index = 0;
};

TEST_F(RestoredEventsTest, a_token_that_comes_in_pieces_is_one_value_and_nothing_is_held_beyond_its_part) {
  begin(Text{});
  feed(TextDelta{0, "Dear "});
  feed(TextDelta{0, "["});
  EXPECT_TRUE(out.empty()) << "an empty piece is none";
  feed(TextDelta{0, "A], and ["});
  feed(PartEnd{});
  EXPECT_EQ(out.size(), 2U) << "what was held back, then the end";
  feed(Finished{});
  feed(End{});
  EXPECT_EQ(std::get<Text>(parts().at(0).content).text, "Dear Ada \"Ace\", and [");
  EXPECT_TRUE(collector.ended());
}

TEST_F(RestoredEventsTest, thoughts_and_texts_do_not_wait_for_each_other) {
  begin(Reasoning{});
  feed(ReasoningDelta{0, "ask ["});
  feed(ReasoningDelta{0, "A]["});
  feed(PartEnd{});
  begin(Text{});
  feed(TextDelta{0, "A]"});
  feed(PartEnd{});
  EXPECT_EQ(std::get<Reasoning>(parts().at(0).content).text, "ask Ada \"Ace\"[");
  EXPECT_EQ(std::get<Text>(parts().at(1).content).text, "A]") << "no token: it began in another text";
}

TEST_F(RestoredEventsTest, each_summary_of_a_thought_is_a_text_of_its_own) {
  begin(Reasoning{});
  feed(ReasoningDelta{0, "one [", 0});
  feed(ReasoningDelta{0, "A] two", 1});
  feed(PartEnd{});
  const auto& summaries = std::get<Reasoning>(parts().at(0).content).summaries;
  EXPECT_EQ(summaries, (std::vector<std::string>{"one [", "A] two"}));
}

TEST_F(RestoredEventsTest, arguments_come_whole_with_their_values_escaped) {
  ToolCall call;
  call.name = "mail";
  begin(call);
  feed(ArgumentsDelta{0, R"({"to":"[)"});
  feed(ArgumentsDelta{0, R"(A]"})"});
  EXPECT_TRUE(out.empty());
  feed(PartEnd{});
  EXPECT_EQ(std::get<ToolCall>(parts().at(0).content).arguments, R"({"to":"Ada \"Ace\""})");
}

TEST_F(RestoredEventsTest, a_refusal_stays_one_and_log_probabilities_are_not_told) {
  begin(Refusal{});
  feed(RefusalDelta{0, "Not [A], not ["});
  feed(LogprobsAdded{});
  EXPECT_TRUE(out.empty());
  feed(PartEnd{});
  EXPECT_EQ(std::get<Refusal>(parts().at(0).content).text, "Not Ada \"Ace\", not [");
  EXPECT_FALSE(collector.so_far().choices.at(0).logprobs);
}

TEST_F(RestoredEventsTest, a_tool_call_that_never_ends_is_stopped) {
  begin(ToolCall{});
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 4; ++i) feed(ArgumentsDelta{0, piece});
  auto fed = events.feed(ArgumentsDelta{0, "x"}, out);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::too_large);
}

TEST(RestoredAnswer, HasItsValuesInTextsAndArguments) {
  ChatAnswer answer;
  answer.id = "a";
  answer.choices.resize(1);
  Part text, call;
  text.content = Text{"To [A]", {}};
  ToolCall made;
  made.arguments = R"({"to":"[A]"})";
  call.content = made;
  answer.choices[0].parts = {text, call};
  answer.choices[0].finish = Finish::tool_calls;
  dialects::Usage usage;
  usage.output = 7;
  answer.usage = usage;
  Holding restorer;
  auto back = restored(answer, restorer);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, "a");
  EXPECT_EQ(back->usage->output, 7);
  const auto& choice = back->choices.at(0);
  EXPECT_EQ(choice.finish, Finish::tool_calls);
  EXPECT_EQ(std::get<Text>(choice.parts.at(0).content).text, "To Ada \"Ace\"");
  EXPECT_EQ(std::get<ToolCall>(choice.parts.at(1).content).arguments, R"({"to":"Ada \"Ace\""})");
}

}  // namespace
}  // namespace bastide::exchange
