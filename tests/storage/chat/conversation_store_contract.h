// What every chat::ConversationStore promises. An engine's test gives a factory; each test gets an empty
// store.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/id.h"
#include "chat/conversation_store.h"

namespace bastide::chat::contract {

struct Made {
  std::shared_ptr<void> holder;  // whatever must outlive the store
  ConversationStore* store = nullptr;
};
using Factory = std::function<Made()>;

class ConversationStoreContract : public ::testing::TestWithParam<Factory> {
 protected:
  void SetUp() override { made_ = GetParam()(); }
  ConversationStore& store() { return *made_.store; }

  std::string conversation(const std::string& person, const std::string& title = "", UnixMillis at = 1000) {
    Conversation made{new_id("cnv"), "default", person, title, at, at, "", "", "{}"};
    EXPECT_TRUE(store().create(made));
    return made.id;
  }
  ConversationStore::Turn turn(const std::string& conversation, const std::string& question,
                               UnixMillis at = 2000) {
    ConversationStore::Turn out;
    StoredMessage asked;
    asked.id = new_id("msg");
    asked.conversation = conversation;
    asked.content = question;
    asked.created_at = at;
    out.answer.id = new_id("msg");
    out.answer.conversation = conversation;
    out.answer.parent = asked.id;
    out.answer.speaker = Speaker::assistant;
    out.answer.state = MessageState::streaming;
    out.answer.created_at = at;
    out.answer.exchange = new_id("ex");
    out.answer.stream = new_id("str");
    out.question = asked;
    out.settings_json = R"({"model":"m"})";
    return out;
  }

 private:
  Made made_;
};

TEST_P(ConversationStoreContract, a_turn_is_added_once_under_its_key) {
  auto id = conversation("per_a");
  auto first = turn(id, "q");
  first.key = ConversationStore::TurnKey{"key", "request"};
  ASSERT_TRUE(store().add_turn("per_a", first));
  auto second = turn(id, "q");
  second.key = first.key;
  EXPECT_EQ(store().add_turn("per_a", second).error().detail, "turn_exists");
  EXPECT_EQ(store().messages(id, "per_a")->size(), 2U);  // nothing of the second
  EXPECT_EQ(store().find(id, "per_a")->leaf, first.answer.id);
  auto kept = store().turn_of_key("per_a", "key");
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->request, "request");
  EXPECT_EQ((*kept)->question, first.question->id);
  EXPECT_EQ((*kept)->answer.id, first.answer.id);
  EXPECT_EQ((*kept)->answer.stream, first.answer.stream);
  EXPECT_EQ((*kept)->answer.exchange, first.answer.exchange);
  // Keys are each person's own, and remembered for a day.
  EXPECT_FALSE(store().turn_of_key("per_b", "key").value());
  auto later = turn(id, "q", 2000 + 25LL * 3600 * 1000);
  later.key = ConversationStore::TurnKey{"other", "request"};
  ASSERT_TRUE(store().add_turn("per_a", later));
  EXPECT_FALSE(store().turn_of_key("per_a", "key").value());
}

TEST_P(ConversationStoreContract, removing_all_leaves_others_conversations) {
  auto mine = conversation("per_a");
  conversation("per_a");
  auto theirs = conversation("per_b");
  ASSERT_TRUE(store().add_turn("per_a", turn(mine, "q")));
  EXPECT_EQ(store().remove_all("per_a"), 2);
  EXPECT_EQ(store().find(mine, "per_a").error().code, Code::not_found);
  EXPECT_TRUE(store().find(theirs, "per_b"));
  EXPECT_EQ(store().remove_all("per_a"), 0);
}

TEST_P(ConversationStoreContract, nobody_reads_anothers) {
  auto mine = conversation("per_a", "private");
  EXPECT_TRUE(store().find(mine, "per_a"));
  EXPECT_EQ(store().find(mine, "per_b").error().code, Code::not_found);
  EXPECT_EQ(store().update(mine, "per_b", "stolen", std::nullopt).error().code, Code::not_found);
  EXPECT_EQ(store().remove(mine, "per_b").error().code, Code::not_found);
  EXPECT_EQ(store().add_turn("per_b", turn(mine, "q")).error().code, Code::not_found);
  EXPECT_TRUE(store().messages(mine, "per_b")->empty());
  EXPECT_TRUE(store().list("per_b", "", 10)->conversations.empty());
  EXPECT_TRUE(store().search("per_b", "private", "", 10)->conversations.empty());
}

TEST_P(ConversationStoreContract, lists_newest_first_in_pages) {
  for (int i = 0; i < 5; ++i) conversation("per_a", std::to_string(i), 1000 + i);
  std::string seen;
  std::string after;
  do {
    auto page = store().list("per_a", after, 2);
    ASSERT_TRUE(page);
    for (auto& c : page->conversations) seen += c.title;
    after = page->next;
  } while (!after.empty());
  EXPECT_EQ(seen, "43210");
}

TEST_P(ConversationStoreContract, a_turn_appears_whole_and_becomes_the_leaf) {
  auto id = conversation("per_a");
  auto asked = turn(id, "question");
  asked.title = "question";
  ASSERT_TRUE(store().add_turn("per_a", asked));
  auto found = store().find(id, "per_a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->leaf, asked.answer.id);
  EXPECT_EQ(found->title, "question");
  auto messages = store().messages(id, "per_a");
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_EQ((*messages)[0].content, "question");
  EXPECT_EQ((*messages)[1].parent, (*messages)[0].id);
}

TEST_P(ConversationStoreContract, events_come_back_in_order_and_finish_ends_the_stream) {
  auto id = conversation("per_a");
  auto asked = turn(id, "q");
  ASSERT_TRUE(store().add_turn("per_a", asked));
  std::vector<StreamEvent> events;
  for (std::uint64_t seq = 1; seq <= 5; ++seq)
    events.push_back({asked.answer.stream, seq, "delta", R"({"text":"x"})"});
  ASSERT_TRUE(store().append_events(events));
  EXPECT_FALSE(store().stream(asked.answer.stream)->ended);
  EXPECT_EQ(store().running()->size(), 1U);
  auto done = asked.answer;
  done.state = MessageState::complete;
  done.content = "xxxxx";
  ASSERT_TRUE(store().finish(done, {done.stream, 6, "done", "{}"}, "confidential"));
  auto rest = store().events(done.stream, 3, 10);
  ASSERT_EQ(rest->size(), 3U);
  EXPECT_EQ(rest->front().seq, 4U);
  EXPECT_EQ(rest->back().name, "done");
  EXPECT_TRUE(store().stream(done.stream)->ended);
  EXPECT_TRUE(store().running()->empty());
  EXPECT_EQ(store().message(done.id, "per_a")->content, "xxxxx");
  EXPECT_EQ(store().find(id, "per_a")->label, "confidential");
}

TEST_P(ConversationStoreContract, search_sets_case_and_accents_aside) {
  auto id = conversation("per_a", "Réunion");
  ASSERT_TRUE(store().add_turn("per_a", turn(id, "Le télétravail à temps partiel")));
  conversation("per_a", "Other");
  auto found = store().search("per_a", "TELETRAVAIL partiel", "", 10);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->conversations.size(), 1U);
  EXPECT_NE(found->snippets[0].find("télétravail"), std::string::npos);
  EXPECT_EQ(store().search("per_a", "reunion", "", 10)->conversations.size(), 1U);
  EXPECT_TRUE(store().search("per_a", "absent", "", 10)->conversations.empty());
}

TEST_P(ConversationStoreContract, removing_takes_messages_and_events_along) {
  auto id = conversation("per_a");
  auto asked = turn(id, "q");
  ASSERT_TRUE(store().add_turn("per_a", asked));
  std::vector<StreamEvent> events{{asked.answer.stream, 1, "delta", "{}"}};
  ASSERT_TRUE(store().append_events(events));
  ASSERT_TRUE(store().remove(id, "per_a"));
  EXPECT_EQ(store().find(id, "per_a").error().code, Code::not_found);
  EXPECT_FALSE(store().stream(asked.answer.stream));
  // What a running answer still writes is dropped, without an error that would stop the others.
  EXPECT_TRUE(store().append_events(events));
  EXPECT_TRUE(store().events(asked.answer.stream, 0, 10)->empty());
}

TEST_P(ConversationStoreContract, a_leaf_must_be_of_the_conversation) {
  auto one = conversation("per_a");
  auto other = conversation("per_a");
  auto asked = turn(one, "q");
  ASSERT_TRUE(store().add_turn("per_a", asked));
  EXPECT_TRUE(store().update(one, "per_a", std::nullopt, asked.question->id));
  EXPECT_EQ(store().update(other, "per_a", std::nullopt, asked.question->id).error().code, Code::not_found);
}

TEST_P(ConversationStoreContract, purging_forgets_events_of_ended_streams_only) {
  auto id = conversation("per_a");
  auto running = turn(id, "a");
  auto ended = turn(id, "b");
  ASSERT_TRUE(store().add_turn("per_a", running));
  ASSERT_TRUE(store().add_turn("per_a", ended));
  std::vector<StreamEvent> events{{running.answer.stream, 1, "delta", "{}"},
                                  {ended.answer.stream, 1, "delta", "{}"}};
  ASSERT_TRUE(store().append_events(events));
  ended.answer.state = MessageState::complete;
  ASSERT_TRUE(store().finish(ended.answer, {ended.answer.stream, 2, "done", "{}"}, ""));
  ASSERT_TRUE(store().purge_events(now_ms() + 1000));
  EXPECT_EQ(store().events(running.answer.stream, 0, 10)->size(), 1U);
  EXPECT_TRUE(store().events(ended.answer.stream, 0, 10)->empty());
}

}  // namespace bastide::chat::contract
