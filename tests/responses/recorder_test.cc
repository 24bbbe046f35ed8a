#include "responses/recorder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/task.h"
#include "tests/exchange/fakes.h"
#include "tests/responses/fake_store.h"

namespace bastide::responses {
namespace {

using nlohmann::json;

class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() {
    StoredResponse row{"resp_ex_1", "resp_ex_1", "", "per_a", 1, "internal", "[]", "{}"};
    EXPECT_TRUE(store.add(row, std::vector<StreamFrame>{{0, "created"}, {1, "queued"}}));
  }
  // An answer of some pieces and a sealed thought, as an exchange tells it.
  Result<void> tell(Recorder& recorder) {
    const auto run = [](Recorder& sink, exchange::Exchange& exchange) -> Task<Result<void>> {
      auto told = co_await sink.on_reasoning("hm");
      if (!told) co_return told;
      told = co_await sink.on_event(dialects::SignatureDelta{0, {}, "SEALED"});
      if (!told) co_return told;
      for (int i = 0; i < 20; ++i) {
        told = co_await sink.on_text("word ");
        if (!told) co_return told;
      }
      told = co_await sink.on_done(exchange);
      co_return told;
    };
    return sync_wait(run(recorder, house.exchange));
  }
  std::shared_ptr<FrameJournal> journal() {
    return std::make_shared<FrameJournal>(store, pool, "resp_ex_1", "per_a", bell);
  }
  static json data_of(const StreamFrame& frame) {
    return json::parse(frame.text.substr(frame.text.find("data: ") + 6));
  }

  exchange::testing::FakeHouse house;
  testing::FakeStore store;
  Pool pool{"test", 1, 64};
  Bell bell;
  Recording recording{"ex_1", 7, {}, false, true, 2};
};

TEST_F(RecorderTest, events_are_stored_under_numbers_without_a_gap_and_the_last_waits_for_the_response) {
  Recorder recorder(recording, house.exchange, house.labels, journal());
  ASSERT_TRUE(tell(recorder));
  const auto& stored = store.streams["resp_ex_1"];
  ASSERT_GT(stored.size(), 20U);
  for (std::size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(stored[i].number, static_cast<std::int64_t>(i));
  for (std::size_t i = 2; i < stored.size(); ++i)
    EXPECT_EQ(data_of(stored[i])["sequence_number"], stored[i].number);
  EXPECT_EQ(data_of(stored[2])["type"], "response.in_progress");
  ASSERT_EQ(recorder.last().size(), 1U);
  EXPECT_EQ(data_of(recorder.last()[0])["type"], "response.completed");
  EXPECT_EQ(recorder.last()[0].number, static_cast<std::int64_t>(stored.size()));
  EXPECT_EQ(recorder.next(), recorder.last()[0].number + 1);
  EXPECT_GT(bell.count(), 0U);
}

TEST_F(RecorderTest, what_is_sealed_is_kept_and_not_shown) {
  Recorder recorder(recording, house.exchange, house.labels, journal());
  ASSERT_TRUE(tell(recorder));
  for (const auto& frame : store.streams["resp_ex_1"])
    EXPECT_EQ(frame.text.find("SEALED"), std::string::npos);
  EXPECT_EQ(recorder.last()[0].text.find("SEALED"), std::string::npos);
  ASSERT_TRUE(recorder.answer());
  EXPECT_NE(dialects::response_json(*recorder.answer(), {}).find("SEALED"), std::string::npos);
}

TEST_F(RecorderTest, without_a_stream_only_the_answer_is_kept) {
  recording.streams = false;
  Recorder recorder(recording, house.exchange, house.labels, journal());
  EXPECT_EQ(recorder.answer(), nullptr);
  ASSERT_TRUE(tell(recorder));
  EXPECT_EQ(store.streams["resp_ex_1"].size(), 2U);
  EXPECT_TRUE(recorder.last().empty());
  EXPECT_TRUE(recorder.answer());
}

TEST_F(RecorderTest, an_answer_ends_when_its_events_cannot_be_stored) {
  store.responses.clear();
  Recorder recorder(recording, house.exchange, house.labels, journal());
  EXPECT_EQ(tell(recorder).error().code, Code::not_found);
}

}  // namespace
}  // namespace bastide::responses
