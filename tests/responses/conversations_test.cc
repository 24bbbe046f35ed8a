#include "responses/conversations.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "responses/responses.h"
#include "tests/responses/fake_conversations.h"
#include "tests/responses/fake_store.h"

namespace bastide::responses {
namespace {

using nlohmann::json;

class ConversationsTest : public ::testing::Test {
 protected:
  json made(const std::string& body) {
    const auto conversation = sync_wait(room.create("per_a", body));
    EXPECT_TRUE(conversation) << conversation.error().message;
    return conversation ? json::parse(*conversation) : json();
  }
  json items(const std::string& id, ItemPage page = {ItemPage::Order::oldest_first, {}, 100}) {
    const auto listed = sync_wait(room.items("per_a", id, std::move(page), Sealed::hidden));
    EXPECT_TRUE(listed) << listed.error().message;
    return listed ? json::parse(*listed) : json();
  }
  Result<Begun> begin(const std::string& body, const std::string& person = "per_a") {
    auto call = dialects::read_responses_call(body);
    if (!call) return pass(call);
    return sync_wait(responses.begin(person, std::move(*call)));
  }
  /// A turn in the conversation, kept.
  StoredResponse turn(const std::string& id, const std::string& said, const std::string& label) {
    auto begun = begin(R"({"input":"And?","conversation":")" + id + "\"}");
    EXPECT_TRUE(begun) << begun.error().message;
    dialects::ChatAnswer answer;
    answer.id = "ex_1";
    answer.others = begun->repeated;
    answer.choices.resize(1);
    answer.choices[0].parts = {dialects::text_part(said)};
    EXPECT_TRUE(sync_wait(responses.keep("per_a", *begun, answer, *labels.find(label))));
    return store.responses["resp_ex_1"];
  }

  policy::Labels labels{default_config()};
  testing::FakeStore store;
  testing::FakeConversations conversations;
  Pool pool{"test", 1, 16};
  std::vector<std::string> forgotten;
  Conversations::Forget forget = [this](std::string_view id) {
    forgotten.emplace_back(id);
    return Result<void>();
  };
  Conversations room{conversations, Conversations::Keep::allowed, pool, forget};
  Responses responses{store, conversations, {}, labels, pool, forget};
};

TEST_F(ConversationsTest, is_made_changed_and_deleted) {
  const auto conversation = made(R"({"metadata":{"topic":"a"},"items":[{"role":"user","content":"Hello"}]})");
  const auto id = conversation["id"].get<std::string>();
  EXPECT_TRUE(id.starts_with("conv_"));
  EXPECT_EQ(conversation["object"], "conversation");
  EXPECT_EQ(conversation["metadata"], json::parse(R"({"topic":"a"})"));
  const auto changed = sync_wait(room.update("per_a", id, R"({"metadata":{"topic":"b"}})"));
  EXPECT_EQ(json::parse(*changed)["metadata"]["topic"], "b");
  EXPECT_EQ(*sync_wait(room.find("per_a", id)), *changed);
  EXPECT_EQ(json::parse(*sync_wait(room.remove("per_a", id)))["deleted"], true);
  EXPECT_EQ(forgotten, std::vector{id});
  EXPECT_EQ(sync_wait(room.find("per_a", id)).error().detail, "no_conversation");
}

TEST_F(ConversationsTest, items_have_ids_pages_and_ends) {
  const auto id = made("")["id"].get<std::string>();
  const auto added = json::parse(*sync_wait(room.add(
      "per_a", id,
      R"({"items":[{"role":"user","content":"one"},{"type":"message","role":"assistant","content":"two"},
      {"type":"function_call_output","call_id":"c","output":"3"}]})",
      Sealed::hidden)));
  ASSERT_EQ(added["data"].size(), 3U);
  const auto listed = items(id);
  EXPECT_EQ(listed["data"], added["data"]);
  EXPECT_TRUE(listed["data"][0]["id"].get<std::string>().starts_with("msg_"));
  EXPECT_TRUE(listed["data"][2]["id"].get<std::string>().starts_with("fco_"));
  EXPECT_EQ(listed["data"][1]["content"][0]["text"], "two");
  const auto newest = items(id, {ItemPage::Order::newest_first, listed["data"][2]["id"], 1});
  EXPECT_EQ(newest["data"][0], listed["data"][1]);
  EXPECT_EQ(newest["has_more"], true);
  const auto second = listed["data"][1]["id"].get<std::string>();
  EXPECT_EQ(json::parse(*sync_wait(room.item("per_a", id, second, Sealed::hidden))), listed["data"][1]);
  EXPECT_EQ(json::parse(*sync_wait(room.remove_item("per_a", id, second)))["id"], id);
  EXPECT_EQ(sync_wait(room.item("per_a", id, second, Sealed::hidden)).error().detail, "no_item");
  EXPECT_EQ(items(id)["data"].size(), 2U);
}

TEST_F(ConversationsTest, a_response_goes_on_from_it_and_goes_into_it) {
  const auto id =
      made(R"({"items":[{"role":"user","content":"My colour is blue."}]})")["id"].get<std::string>();
  const auto stored = turn(id, "Noted.", "confidential");
  EXPECT_EQ(stored.chain, id);
  EXPECT_EQ(json::parse(stored.response_json)["conversation"]["id"], id);
  ASSERT_EQ(stored.said.size(), 2U);
  EXPECT_EQ(stored.said[1].label, "confidential");
  // As the store does in the same transaction.
  ASSERT_TRUE(conversations.append(id, "per_a", stored.said, 100));
  const auto begun = begin(R"({"input":"Which?","conversation":{"id":")" + id + "\"}}");
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(begun->chain, id);
  EXPECT_EQ(begun->label, "confidential");
  const auto body = json::parse(begun->body);
  EXPECT_FALSE(body.contains("conversation"));
  ASSERT_EQ(body["input"].size(), 4U);
  EXPECT_EQ(body["input"][2]["content"][0]["text"], "Noted.");
  for (const auto& item : body["input"]) EXPECT_FALSE(item.contains("id")) << "no provider knows ids of ours";
  const auto listed = items(id);
  EXPECT_EQ(listed["data"][2]["id"], json::parse(stored.response_json)["output"][0]["id"]);
  // An item that is only named brings its label.
  const auto named = begin(R"({"input":[{"type":"item_reference","id":")" + stored.said[1].id + "\"}]}");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->label, "confidential");
  // What was said by the caller alone has no label.
  const auto fresh = made(R"({"items":[{"role":"user","content":"x"}]})")["id"].get<std::string>();
  EXPECT_EQ(begin(R"({"input":"q","conversation":")" + fresh + "\"}")->label, "");
}

TEST_F(ConversationsTest, what_does_not_go_together_is_refused) {
  const auto id = made(R"({"items":[{"type":"message","id":"msg_mine","role":"user","content":"x"}]})")["id"]
                      .get<std::string>();
  const auto in = R"("conversation":")" + id + "\"";
  EXPECT_EQ(begin(R"({"input":"q","previous_response_id":"resp_1",)" + in + "}").error().detail,
            "invalid_conversation");
  EXPECT_EQ(begin(R"({"input":"q","store":false,)" + in + "}").error().detail, "invalid_store");
  EXPECT_EQ(begin(R"({"input":"q","conversation":7})").error().detail, "invalid_conversation");
  EXPECT_EQ(begin(R"({"input":[{"type":"message","id":"msg_mine","role":"user","content":"y"}],)" + in + "}")
                .error()
                .detail,
            "duplicate_item");
  const auto stored = turn(id, "answer", "internal");
  EXPECT_EQ(begin(R"({"input":"q","previous_response_id":")" + stored.id + "\"}").error().detail,
            "previous_response_in_conversation");
}

TEST_F(ConversationsTest, anothers_is_as_unknown_as_none) {
  const auto id = made("{}")["id"].get<std::string>();
  for (const auto& other : {id, std::string("conv_none")}) {
    EXPECT_EQ(sync_wait(room.find("per_b", other)).error().detail, "no_conversation");
    EXPECT_EQ(sync_wait(room.remove("per_b", other)).error().detail, "no_conversation");
    EXPECT_EQ(sync_wait(room.items("per_b", other, {}, Sealed::hidden)).error().detail, "no_conversation");
    EXPECT_EQ(begin(R"({"input":"q","conversation":")" + other + "\"}", "per_b").error().detail,
              "no_conversation");
  }
}

TEST_F(ConversationsTest, what_no_model_could_read_is_refused_when_it_is_left) {
  for (const auto* wrong :
       {R"({"items":"x"})", R"({"items":[7]})", R"({"items":[{"type":"item_reference","id":"msg_1"}]})",
        R"({"items":[{"role":"nobody","content":"x"}]})", R"({"metadata":{"a":7}})", "[]", "{"})
    EXPECT_EQ(sync_wait(room.create("per_a", wrong)).error().code, Code::invalid) << wrong;
  EXPECT_TRUE(conversations.conversations.empty());
}

TEST_F(ConversationsTest, none_is_made_where_nothing_is_kept) {
  Conversations refusing{conversations, Conversations::Keep::refused, pool, forget};
  EXPECT_EQ(sync_wait(refusing.create("per_a", "{}")).error().detail, "nothing_is_kept");
}

}  // namespace
}  // namespace bastide::responses
