#include "responses/responses.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/responses/fake_conversations.h"
#include "tests/responses/fake_store.h"

namespace bastide::responses {
namespace {

using nlohmann::json;

class ResponsesTest : public ::testing::Test {
 protected:
  Result<Begun> begin(const std::string& body, const std::string& person = "per_a") {
    auto call = dialects::read_responses_call(body);
    if (!call) return pass(call);
    return sync_wait(room.begin(person, std::move(*call)));
  }
  // Asks and keeps an answer of `text`; gives its id.
  std::string turn(const std::string& body, const std::string& text, const std::string& label = "internal") {
    auto begun = begin(body);
    if (!begun) {
      ADD_FAILURE() << begun.error().message;
      return {};
    }
    dialects::ChatAnswer answer;
    answer.id = "ex_" + std::to_string(++made);
    answer.choices.resize(1);
    answer.choices[0].parts = {dialects::text_part(text)};
    EXPECT_TRUE(sync_wait(room.keep("per_a", *begun, answer, *labels.find(label))));
    return "resp_" + answer.id;
  }
  Result<std::string> items(const std::string& id, ItemPage page) {
    return sync_wait(room.input_items("per_a", id, std::move(page), Responses::Sealed::hidden));
  }

  policy::Labels labels{default_config()};
  testing::FakeStore store;
  Pool pool{"test", 1, 16};
  std::vector<std::string> forgotten;
  testing::FakeConversations conversations;
  Responses room{store, conversations, {}, labels, pool, [this](std::string_view chain) {
                   forgotten.emplace_back(chain);
                   return Result<void>();
                 }};
  int made = 0;
};

TEST_F(ResponsesTest, a_call_goes_on_from_what_was_asked_and_answered) {
  const auto first = turn(R"({"input":"one","instructions":"not carried over"})", "un");
  const auto second = turn(R"({"input":"two","previous_response_id":")" + first + "\"}", "deux");
  const auto begun = begin(R"({"input":"three","previous_response_id":")" + second + "\"}");
  ASSERT_TRUE(begun);
  const auto body = json::parse(begun->body);
  ASSERT_EQ(body["input"].size(), 5U);
  std::string said;
  for (const auto& item : body["input"]) said += item["content"][0]["text"].get<std::string>() + " ";
  EXPECT_EQ(said, "one un two deux three ");
  EXPECT_FALSE(body.contains("instructions"));
  EXPECT_EQ(begun->chain, first);
  // Only its own input is kept with it.
  EXPECT_EQ(json::parse(store.responses[second].items_json).size(), 1U);
}

TEST_F(ResponsesTest, what_was_read_stays_labelled_whichever_turn_read_it) {
  const auto first = turn(R"({"input":"one"})", "un", "confidential");
  const auto second = turn(R"({"input":"two","previous_response_id":")" + first + "\"}", "deux", "internal");
  EXPECT_EQ(begin(R"({"input":"3","previous_response_id":")" + second + "\"}")->label, "confidential");
  EXPECT_EQ(begin(R"({"input":"new"})")->label, "");
}

TEST_F(ResponsesTest, an_item_that_is_only_named_is_put_in_its_place_with_its_label) {
  const auto first = turn(R"({"input":"one"})", "un", "confidential");
  const auto item = json::parse(store.responses[first].response_json)["output"][0]["id"].get<std::string>();
  const auto call = R"({"input":[{"type":"item_reference","id":")" + item +
                    R"("},{"role":"user","content":"two"}],"store":false})";
  const auto begun = begin(call);
  ASSERT_TRUE(begun) << begun.error().message;
  const auto input = json::parse(begun->body)["input"];
  ASSERT_EQ(input.size(), 2U);
  EXPECT_EQ(input[0]["content"][0]["text"], "un");
  EXPECT_EQ(input[0]["role"], "assistant");
  EXPECT_EQ(begun->label, "confidential");
  EXPECT_EQ(begun->chain, "") << "naming an item goes on from nothing";
  EXPECT_EQ(begin(call, "per_b").error().code, Code::not_found) << "it is another's";
  EXPECT_EQ(begin(R"({"input":[{"type":"item_reference","id":"msg_none"}]})").error().detail, "no_item");
}

TEST_F(ResponsesTest, anothers_response_is_as_unknown_as_none) {
  const auto id = turn(R"({"input":"one"})", "un");
  const auto theirs = sync_wait(room.find("per_b", id, Responses::Sealed::hidden));
  const auto none = sync_wait(room.find("per_b", "resp_none", Responses::Sealed::hidden));
  ASSERT_FALSE(theirs || none);
  EXPECT_EQ(theirs.error().message, none.error().message);
  EXPECT_EQ(theirs.error().code, Code::not_found);
  const auto on = begin(R"({"input":"two","previous_response_id":")" + id + "\"}", "per_b");
  ASSERT_FALSE(on);
  EXPECT_EQ(on.error().detail, "previous_response_not_found");
  EXPECT_EQ(on.error().message, begin(R"({"input":"q","previous_response_id":"x"})").error().message);
  EXPECT_EQ(sync_wait(room.remove("per_b", id)).error().code, Code::not_found);
  EXPECT_TRUE(store.responses.contains(id));
}

TEST_F(ResponsesTest, a_conversation_with_a_hole_does_not_go_on) {
  const auto first = turn(R"({"input":"one"})", "un");
  const auto second = turn(R"({"input":"two","previous_response_id":")" + first + "\"}", "deux");
  ASSERT_TRUE(sync_wait(room.remove("per_a", first)));
  EXPECT_TRUE(forgotten.empty());  // its pseudonyms hold for the second
  EXPECT_EQ(begin(R"({"input":"3","previous_response_id":")" + second + "\"}").error().detail,
            "previous_response_not_found");
  ASSERT_TRUE(sync_wait(room.remove("per_a", second)));
  EXPECT_EQ(forgotten, std::vector<std::string>{first});
}

TEST_F(ResponsesTest, a_conversation_has_its_bounds) {
  std::string body = R"({"input":[)";
  for (int i = 0; i < 1999; ++i) body += std::string(i ? "," : "") + R"({"role":"user","content":"x"})";
  const auto first = turn(body + "]}", "un");
  const auto begun = begin(R"({"input":"two","previous_response_id":")" + first + "\"}");
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, Code::invalid);
  EXPECT_EQ(begun.error().detail, "conversation_too_long");
  StoredResponse heavy{"resp_heavy", "resp_heavy", "", "per_a", 1, "internal", std::string(49 << 20, ' '),
                       "{}"};
  ASSERT_TRUE(store.add(heavy, {}));
  EXPECT_EQ(begin(R"({"input":"q","previous_response_id":"resp_heavy"})").error().detail,
            "conversation_too_long");
}

TEST_F(ResponsesTest, the_call_and_the_organisation_say_whether_it_is_kept) {
  EXPECT_EQ(begin(R"({"input":"q"})")->keep, Begun::Keep::yes);
  EXPECT_EQ(begin(R"({"input":"q","store":false})")->keep, Begun::Keep::no);
  Responses none(store, conversations, {.store = Options::Store::always_refused}, labels, pool,
                 [](std::string_view) { return Result<void>(); });
  EXPECT_FALSE(none.keeps(*dialects::read_responses_call(R"({"input":"q","store":true})")));
}

TEST_F(ResponsesTest, what_the_model_read_is_listed_by_pages_in_both_orders) {
  const auto first = turn(R"({"input":"one"})", "un");
  const auto id =
      turn(R"({"input":[{"role":"user","content":"two","id":"msg_mine"},{"role":"user","content":"three"}],)"
           R"("previous_response_id":")" +
               first + "\"}",
           "deux");
  const auto whole = json::parse(items(id, {.order = ItemPage::Order::oldest_first}).value());
  ASSERT_EQ(whole["data"].size(), 4U);
  EXPECT_EQ(whole["data"][1]["id"], "msg_ex_1_0");
  EXPECT_EQ(whole["data"][2]["id"], "msg_mine");
  EXPECT_EQ(whole["has_more"], false);
  EXPECT_EQ(whole["first_id"], whole["data"][0]["id"]);
  const auto newest = json::parse(items(id, {.limit = 3}).value());
  EXPECT_EQ(newest["data"][0], whole["data"][3]);
  EXPECT_EQ(newest["has_more"], true);
  const auto rest = json::parse(items(id, {.after = newest["last_id"], .limit = 3}).value());
  ASSERT_EQ(rest["data"].size(), 1U);
  EXPECT_EQ(rest["data"][0], whole["data"][0]);
  EXPECT_EQ(items(id, {.after = "msg_none"}).error().detail, "invalid_after");
  EXPECT_EQ(items("resp_none", {}).error().code, Code::not_found);
}

TEST_F(ResponsesTest, a_full_disk_is_told) {
  const auto begun = begin(R"({"input":"q"})");
  store.full = true;
  EXPECT_EQ(sync_wait(room.keep("per_a", *begun, {.id = "ex_9"}, {})).error().code, Code::storage_full);
}

TEST_F(ResponsesTest, conversations_that_ended_long_ago_are_swept_with_their_pseudonyms) {
  constexpr UnixMillis day = 24LL * 3600 * 1000;
  EXPECT_EQ(room.sweep(100 * day).value(), 1U);
  EXPECT_EQ(store.swept_before, 70 * day);
  EXPECT_EQ(forgotten, std::vector<std::string>{"resp_old"});
}

}  // namespace
}  // namespace bastide::responses
