#include "chat/chat.h"

#include <gtest/gtest.h>

#include "tests/chat/fake_store.h"
#include "tests/exchange/fakes.h"

namespace bastide::chat::testing {
namespace {

struct ChatTest : ::testing::Test {
  exchange::testing::FakeHouse house;
  exchange::Pipeline pipeline{house.rooms()};
  FakeStore store;
  Metrics metrics;
  Pool pool{"test", 2, 64};
  std::vector<std::string> forgotten;
  Chat chat{
      store, pipeline, house.labels, house.router, pool, metrics, [this](std::string_view conversation) {
        forgotten.emplace_back(conversation);
        return Result<void>();
      }};
  identity::Principal who = [] {
    identity::Principal made;
    made.person = "per_a";
    return made;
  }();

  ChatTest() { EXPECT_TRUE(store.create({"cnv_1", "default", "per_a", "", 1, 1, "", "", "{}"})); }

  // Runs a task and the answers it began, to their end.
  template <class T>
  T finish(Task<T> task) {
    SyncExecutor executor;
    std::optional<T> result;
    auto run = [](Task<T> inner, std::optional<T>& out) -> Task<void> { out.emplace(co_await inner); };
    executor.post([&] { spawn("test", run(std::move(task), result)); });
    executor.run_until([&] { return result && chat.running() == 0; });
    return std::move(*result);
  }

  // Asks and follows to the end; all events in order.
  Result<std::vector<StreamEvent>> talk(Turn turn) {
    auto run = [](Chat& c, identity::Principal person, Turn asked) -> Task<Result<std::vector<StreamEvent>>> {
      auto begun = co_await c.ask(person, "cnv_1", std::move(asked));
      if (!begun) co_return pass(begun);
      std::vector<StreamEvent> all;
      while (true) {
        auto after = all.empty() ? 0 : all.back().seq;
        auto batch = co_await c.follow(person.person, begun->stream, after, Deadline::in(Millis(2000)));
        if (!batch) co_return pass(batch);
        all.insert(all.end(), batch->events.begin(), batch->events.end());
        if (batch->ended) co_return all;
      }
    };
    return finish(run(chat, who, std::move(turn)));
  }
  static Turn say(std::string content) {
    Turn turn;
    turn.content = std::move(content);
    return turn;
  }
};

TEST_F(ChatTest, the_same_idempotency_key_gives_the_same_answer_and_asks_once) {
  auto turn = say("Bonjour ?");
  turn.idempotency_key = "k1";
  turn.request_hash = "h1";
  auto first = finish(chat.ask(who, "cnv_1", turn));
  auto again = finish(chat.ask(who, "cnv_1", turn));
  ASSERT_TRUE(first && again);
  EXPECT_EQ(again->message, first->message);
  EXPECT_EQ(again->question, first->question);
  EXPECT_EQ(again->stream, first->stream);
  EXPECT_EQ(again->exchange, first->exchange);
  EXPECT_EQ(store.messages("cnv_1", "per_a")->size(), 2U);
  turn.request_hash = "h2";
  EXPECT_EQ(finish(chat.ask(who, "cnv_1", turn)).error().detail, "idempotency_key_reused");
  turn.idempotency_key = "k2";
  EXPECT_NE(finish(chat.ask(who, "cnv_1", turn))->message, first->message);
}

TEST_F(ChatTest, what_others_keep_of_a_removed_conversation_is_forgotten) {
  EXPECT_EQ(chat.remove("per_b", "cnv_1").error().code, Code::not_found);
  EXPECT_TRUE(forgotten.empty());
  ASSERT_TRUE(chat.remove("per_a", "cnv_1"));
  EXPECT_EQ(forgotten, std::vector<std::string>{"cnv_1"});
}

// An answer that runs on may keep something after its conversation was removed.
TEST_F(ChatTest, what_a_running_answer_keeps_of_a_removed_conversation_is_forgotten_at_its_end) {
  auto run = [](Chat& c, identity::Principal person, Turn asked) -> Task<Result<void>> {
    auto begun = co_await c.ask(person, "cnv_1", std::move(asked));
    if (!begun) co_return pass(begun);
    co_return c.remove(person.person, "cnv_1");
  };
  ASSERT_TRUE(finish(run(chat, who, say("Bonjour ?"))));
  EXPECT_EQ(forgotten, (std::vector<std::string>{"cnv_1", "cnv_1"}));
}

TEST_F(ChatTest, an_answer_streams_and_is_stored) {
  auto events = talk(say("Bonjour ?"));
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_EQ(events->front().name, "start");
  EXPECT_EQ(events->back().name, "done");
  for (std::size_t i = 0; i < events->size(); ++i) EXPECT_EQ((*events)[i].seq, i + 1);
  auto messages = store.messages("cnv_1", "per_a");
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_EQ((*messages)[1].content, "Bonjour.");
  EXPECT_EQ((*messages)[1].state, MessageState::complete);
  EXPECT_EQ(store.find("cnv_1", "per_a")->title, "Bonjour ?");
}

TEST_F(ChatTest, an_edit_makes_a_branch_and_the_model_reads_only_that_branch) {
  ASSERT_TRUE(talk(say("first")));
  house.models.events = exchange::testing::said({"Second."});
  auto edit = say("edited");
  edit.parent = "";
  ASSERT_TRUE(talk(edit));
  ASSERT_EQ(house.models.calls.size(), 2U);
  ASSERT_EQ(house.models.calls[1].request.messages.size(), 1U);
  EXPECT_EQ(text_of(house.models.calls[1].request.messages[0]), "edited");
}

TEST_F(ChatTest, a_retry_adds_a_sibling_without_a_new_question) {
  ASSERT_TRUE(talk(say("question")));
  auto answer = store.find("cnv_1", "per_a")->leaf;
  Turn again;
  again.retry = answer;
  ASSERT_TRUE(talk(again));
  auto messages = *store.messages("cnv_1", "per_a");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[2].parent, messages[0].id);
}

TEST_F(ChatTest, a_refusal_is_kept_as_one) {
  house.models.cards = {exchange::testing::card("outside", "US")};
  auto turn = say("q");
  turn.label = "secret";
  auto events = talk(turn);
  ASSERT_TRUE(events);
  EXPECT_EQ(events->back().name, "error");
  EXPECT_NE(events->back().data_json.find("refused_by_policy"), std::string::npos);
  EXPECT_EQ(store.messages("cnv_1", "per_a")->back().state, MessageState::refused);
}

TEST_F(ChatTest, a_full_disk_is_told_and_nothing_is_shown_that_was_not_stored) {
  store.fills_after_turn = true;
  auto events = talk(say("q"));
  ASSERT_TRUE(events);
  for (const auto& event : *events) EXPECT_NE(event.name, "delta");
  if (!events->empty()) {
    EXPECT_EQ(events->back().name, "error");
    EXPECT_NE(events->back().data_json.find("storage_full"), std::string::npos);
  }
  store.full = false;
  EXPECT_EQ(chat.recover().value(), 1U);  // after a restart it counts as interrupted
}

TEST_F(ChatTest, what_was_shown_before_a_crash_is_there_after_it) {
  StoredMessage cut;
  cut.id = "msg_1";
  cut.conversation = "cnv_1";
  cut.speaker = Speaker::assistant;
  cut.state = MessageState::streaming;
  cut.stream = "str_1";
  ASSERT_TRUE(store.add_turn("per_a", {std::nullopt, cut, std::nullopt, "{}", std::nullopt}));
  std::vector<StreamEvent> events{{"str_1", 1, "start", "{}"},
                                  {"str_1", 2, "stage", R"({"name":"route","decision":"first-choice"})"},
                                  {"str_1", 3, "stage", R"({"name":"call","decision":"who-wrote"})"},
                                  {"str_1", 4, "delta", R"({"text":"Half "})"},
                                  {"str_1", 5, "delta", R"({"text":"an answer"})"}};
  ASSERT_TRUE(store.append_events(events));
  EXPECT_EQ(chat.recover().value(), 1U);
  auto message = store.message("msg_1", "per_a");
  EXPECT_EQ(message->content, "Half an answer");
  EXPECT_EQ(message->state, MessageState::interrupted);
  EXPECT_NE(message->meta_json.find(R"("model":"who-wrote")"), std::string::npos) << message->meta_json;
  EXPECT_EQ(store.events("str_1", 5, 10)->front().name, "error");
  // And it can go on: what was written stands before what comes.
  Turn more;
  more.go_on = "msg_1";
  auto continued = talk(more);
  ASSERT_TRUE(continued) << continued.error().message;
  EXPECT_TRUE(store.messages("cnv_1", "per_a")->back().content.starts_with("Half an answer"));
}

TEST_F(ChatTest, nobody_follows_or_stops_anothers_answer) {
  auto run = [](Chat& c, identity::Principal person) -> Task<Result<StreamHub::Batch>> {
    Turn turn;
    turn.content = "q";
    auto begun = co_await c.ask(person, "cnv_1", std::move(turn));
    EXPECT_FALSE(c.stop("per_b", begun->stream));
    auto batch = co_await c.follow("per_b", begun->stream, 0, Deadline::in(Millis(50)));
    co_return batch;
  };
  auto batch = finish(run(chat, who));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, Code::not_found);
}

TEST_F(ChatTest, who_may_ask_no_more_is_answered_no_more) {
  house.models.on_start = [this] { chat.stop_all("per_b"); };
  ASSERT_TRUE(talk(say("q")));
  EXPECT_EQ(store.messages("cnv_1", "per_a")->back().state, MessageState::complete);
  house.models.on_start = [this] { chat.stop_all("per_a"); };
  (void)talk(say("q"));
  const auto messages = store.messages("cnv_1", "per_a");
  ASSERT_EQ(messages->size(), 4U) << "what was asked stays";
  EXPECT_NE(messages->back().state, MessageState::complete);
  EXPECT_TRUE(forgotten.empty());
}

TEST_F(ChatTest, empty_and_foreign_messages_are_refused) {
  EXPECT_EQ(talk(say("  ")).error().detail, "empty_message");
  auto turn = say("x");
  turn.parent = "msg_of_another_conversation";
  EXPECT_EQ(talk(turn).error().code, Code::not_found);
}

}  // namespace
}  // namespace bastide::chat::testing
