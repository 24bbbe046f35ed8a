#include "exchange/event_sink.h"

#include <gtest/gtest.h>

#include "base/task.h"
#include "dialects/collect.h"
#include "tests/exchange/fakes.h"

namespace bastide::exchange {
namespace {

struct Heard final : EventSink {
  Task<Result<void>> on_done(const Exchange& exchange) override {
    auto told = co_await tell_end(exchange, labels);
    co_return told;
  }
  Task<Result<void>> tell(dialects::StreamEvent event) override {
    names += " " + std::to_string(event.index());
    co_return collector.feed(event);
  }
  policy::Labels labels{default_config()};
  dialects::Collector collector;
  std::string names;
};

class EventSinkTest : public ::testing::Test {
 protected:
  void event(dialects::StreamEvent event) { ASSERT_TRUE(sync_wait(sink.on_event(std::move(event)))); }
  void text(const std::string& said) { ASSERT_TRUE(sync_wait(sink.on_text(said))); }
  void done() { ASSERT_TRUE(sync_wait(sink.on_done(house.exchange))); }
  const std::vector<dialects::Part>& parts() { return sink.collector.so_far().choices.at(0).parts; }

  testing::FakeHouse house;
  Heard sink;
};

TEST_F(EventSinkTest, texts_and_thoughts_are_parts_of_their_own) {
  ASSERT_TRUE(sync_wait(sink.on_reasoning("hm")));
  text("Bon");
  text("jour.");
  done();
  ASSERT_EQ(parts().size(), 2U);
  EXPECT_EQ(std::get<dialects::Reasoning>(parts()[0].content).text, "hm");
  EXPECT_EQ(std::get<dialects::Text>(parts()[1].content).text, "Bonjour.");
  EXPECT_TRUE(sink.collector.ended());
  EXPECT_NE(sink.collector.so_far().bastide_json.find("\"exchange\":\"ex_test\""), std::string::npos);
}

TEST_F(EventSinkTest, a_thought_keeps_its_id_its_summaries_and_its_seal) {
  dialects::PartStart start{0, 7, dialects::Part{dialects::Reasoning{}}};
  start.part.id = "rs_1";
  event(start);
  event(dialects::ReasoningDelta{0, "first", 0});
  event(dialects::ReasoningDelta{0, "second", 1});
  event(dialects::SignatureDelta{0, {}, "SEALED"});
  event(dialects::PartEnd{});
  text("Bonjour.");
  done();
  ASSERT_EQ(parts().size(), 2U);
  EXPECT_EQ(parts()[0].id, "rs_1");
  const auto& thought = std::get<dialects::Reasoning>(parts()[0].content);
  EXPECT_EQ(thought.summaries, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(thought.encrypted, "SEALED");
}

TEST_F(EventSinkTest, a_tool_call_ends_the_text_before_it) {
  text("I look it up.");
  event(dialects::PartStart{0, 3, dialects::Part{dialects::ToolCall{"c1", "weather", {}}}});
  event(dialects::ArgumentsDelta{0, "{}"});
  event(dialects::PartEnd{});
  done();
  ASSERT_EQ(parts().size(), 2U);
  EXPECT_EQ(std::get<dialects::ToolCall>(parts()[1].content).arguments, "{}");
}

TEST_F(EventSinkTest, what_is_replaced_cannot_be_taken_back) {
  text("Unsupported.");
  ASSERT_TRUE(sync_wait(sink.on_replace("A quote.", "not_supported")));
  done();
  EXPECT_EQ(std::get<dialects::Text>(parts()[0].content).text, "Unsupported.\n\n---\n\nA quote.");
}

}  // namespace
}  // namespace bastide::exchange
