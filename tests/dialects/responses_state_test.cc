#include "dialects/responses_state.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dialects/codec.h"

namespace bastide::dialects {
namespace {

using nlohmann::json;

std::string repeated(const ResponsesCall& call, std::string_view name) {
  for (const auto& field : call.repeated)
    if (field.name == name) return field.json;
  return {};
}

TEST(ResponsesCall, a_text_and_short_messages_are_kept_in_their_long_form) {
  const auto plain = read_responses_call(R"({"model":"m","input":"Bonjour"})");
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->items.size(), 1U);
  const auto item = json::parse(plain->items[0]);
  EXPECT_EQ(item["type"], "message");
  EXPECT_EQ(item["role"], "user");
  EXPECT_EQ(item["content"][0], json::parse(R"({"type":"input_text","text":"Bonjour"})"));

  const auto call =
      read_responses_call(R"({"input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
                          R"({"type":"message","role":"user","content":[{"type":"input_text","text":"c"}]},)"
                          R"({"type":"function_call_output","call_id":"c1","output":"21"}]})");
  ASSERT_TRUE(call);
  ASSERT_EQ(call->items.size(), 4U);
  EXPECT_EQ(json::parse(call->items[1])["content"][0]["type"], "output_text");
  EXPECT_EQ(json::parse(call->items[2])["content"][0]["text"], "c");
  EXPECT_EQ(json::parse(call->items[3])["output"], "21");
}

TEST(ResponsesCall, says_what_its_response_repeats) {
  const auto call = read_responses_call(
      R"({"model":"m","input":"q","instructions":"be short","metadata":{"k":"v"},"background":true,)"
      R"("previous_response_id":"resp_1","store":true,"include":["reasoning.encrypted_content"],"stream":true})");
  ASSERT_TRUE(call);
  EXPECT_EQ(repeated(*call, "instructions"), "\"be short\"");
  EXPECT_EQ(repeated(*call, "metadata"), R"({"k":"v"})");
  EXPECT_EQ(repeated(*call, "background"), "true");
  EXPECT_EQ(repeated(*call, "previous_response_id"), "\"resp_1\"");
  EXPECT_EQ(call->model, "m");
  EXPECT_EQ(call->previous, "resp_1");
  EXPECT_TRUE(call->store == true && call->background && call->stream && call->wants_sealed);
}

TEST(ResponsesCall, names_the_field_that_is_wrong_or_would_need_other_state) {
  const auto detail = [](std::string_view body) { return read_responses_call(body).error().detail; };
  EXPECT_EQ(detail(R"({"input":7})"), "invalid_input");
  EXPECT_EQ(detail(R"({"input":"q","store":"yes"})"), "invalid_store");
  EXPECT_EQ(detail(R"({"input":"q","previous_response_id":7})"), "invalid_previous_response_id");
  EXPECT_EQ(detail(R"({"input":[{"role":"user","content":"a"},{"type":"item_reference"}]})"),
            "invalid_input[1].id");
  EXPECT_EQ(detail(R"({"input":"q","conversation":7})"), "invalid_conversation");
  EXPECT_EQ(detail(R"({"input":"q","conversation":"conv_1","previous_response_id":"resp_1"})"),
            "invalid_conversation");
}

TEST(ResponsesCall, says_where_items_are_only_named) {
  const auto call = read_responses_call(
      R"({"input":[{"type":"item_reference","id":"msg_1"},{"role":"user","content":"a"},{"id":"rs_2"}]})");
  ASSERT_TRUE(call);
  ASSERT_EQ(call->items.size(), 3U);
  ASSERT_EQ(call->references.size(), 2U);
  EXPECT_EQ(call->references[0].at, 0U);
  EXPECT_EQ(call->references[0].id, "msg_1");
  EXPECT_EQ(call->references[1].at, 2U);
  EXPECT_EQ(call->references[1].id, "rs_2");
}

TEST(ResponsesState, gives_an_item_by_its_id_without_the_ids_that_no_provider_knows) {
  constexpr std::string_view response =
      R"({"id":"resp_ex_1","output":[{"type":"reasoning","id":"rs_own","summary":[]},{"type":"message","id":"msg_ex_1_1","role":"assistant"}]})";
  EXPECT_EQ(*item_ids_of(response), (std::vector<std::string>{"rs_own", "msg_ex_1_1"}));
  EXPECT_EQ(*item_of(response, "msg_ex_1_1"), R"({"type":"message","role":"assistant"})");
  EXPECT_EQ(*item_of(response, "rs_own"), R"({"type":"reasoning","id":"rs_own","summary":[]})");
  EXPECT_EQ(item_of(response, "msg_other").error().code, Code::not_found);
}

TEST(ResponsesCall, goes_on_from_earlier_items_with_all_else_as_it_was) {
  const auto call = read_responses_call(
      R"({"model":"m","previous_response_id":"resp_1","input":"and?","temperature":0.5,"unknown":{"a":[1]}})");
  ASSERT_TRUE(call);
  const std::vector<std::string> earlier{
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"q"}]})"};
  const auto body = json::parse(whole_call(*call, earlier));
  EXPECT_EQ(body["input"].size(), 2U);
  EXPECT_EQ(body["input"][0]["content"][0]["text"], "q");
  EXPECT_EQ(body["temperature"], 0.5);
  EXPECT_EQ(body["unknown"], json::parse(R"({"a":[1]})"));
  EXPECT_FALSE(body.contains("previous_response_id"));
  const auto request = responses_codec().decode_request(body.dump(), {});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->messages.size(), 2U);
}

ChatAnswer thinking() {
  ChatAnswer answer;
  answer.id = "ex_1";
  answer.model = "m";
  answer.choices.resize(1);
  Part thought{Reasoning{{}, {"a summary"}, "SEALED"}};
  thought.id = "rs_provider";
  answer.choices[0].parts = {thought, text_part("Bonjour")};
  return answer;
}

TEST(StoredResponse, gives_its_output_back_without_ids_that_no_provider_knows) {
  const auto stored = response_json(thinking(), {});
  EXPECT_EQ(json::parse(stored)["id"], "resp_ex_1");
  EXPECT_EQ(json::parse(stored)["status"], "completed");
  const auto all = output_of(stored, ItemIds::all);
  ASSERT_TRUE(all);
  EXPECT_EQ(json::parse(all->at(1))["id"], "msg_ex_1_1");
  const auto back = output_of(stored, ItemIds::of_providers);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ(json::parse(back->at(0))["id"], "rs_provider");
  EXPECT_EQ(json::parse(back->at(0))["encrypted_content"], "SEALED");
  EXPECT_FALSE(json::parse(back->at(1)).contains("id"));
  EXPECT_EQ(json::parse(back->at(1))["content"][0]["text"], "Bonjour");
}

TEST(StoredResponse, hides_what_a_provider_sealed) {
  const auto stored = response_json(thinking(), {});
  const auto shown = json::parse(without_sealed_reasoning(stored));
  EXPECT_FALSE(shown["output"][0].contains("encrypted_content"));
  EXPECT_EQ(shown["output"][0]["summary"][0]["text"], "a summary");
  auto whole = json::parse(stored);
  whole["output"][0].erase("encrypted_content");
  EXPECT_EQ(shown, whole);
  const auto item = without_sealed_reasoning(R"({"type":"reasoning","id":"rs_1","encrypted_content":"S"})");
  EXPECT_EQ(item, R"({"type":"reasoning","id":"rs_1"})");
  // The same words in somebody's text are theirs.
  const std::string said = R"({"type":"message","content":[{"encrypted_content":"x"}]})";
  EXPECT_EQ(without_sealed_reasoning(said), said);
  auto answer = thinking();
  hide_sealed_reasoning(answer);
  EXPECT_EQ(json::parse(response_json(answer, {})), shown);
}

TEST(StoredResponse, tells_its_state_and_its_error) {
  const Error error{Code::upstream, "The provider failed.", "provider_failed", "Try again."};
  const auto failed = json::parse(response_json({.id = "ex_1"}, "failed", &error));
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_EQ(failed["error"]["code"], "provider_failed");
  EXPECT_EQ(json::parse(response_json({.id = "ex_1"}, "queued"))["status"], "queued");
}

TEST(StoredItem, has_an_id_when_it_is_listed) {
  const auto own = listed_item(R"({"type":"message","id":"msg_x","role":"user"})", "r_0");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->id, "msg_x");
  const auto made = listed_item(R"({"type":"function_call_output","call_id":"c","output":"o"})", "r_0");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "fco_r_0");
  EXPECT_EQ(json::parse(made->json)["id"], "fco_r_0");
  EXPECT_EQ(json::parse(made->json)["call_id"], "c");
}

// A provider of this dialect that keeps nothing: its own seal goes back to it, another's does not.
TEST(ResponsesProvider, is_told_to_keep_nothing_and_gets_its_own_reasoning_back) {
  const auto request = responses_codec().decode_request(
      R"({"model":"m","store":true,"include":["reasoning.encrypted_content"],"input":[)"
      R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"SEALED"},)"
      R"({"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"anthropic:SEALED"},)"
      R"({"type":"reasoning","id":"rs_3","summary":[{"type":"summary_text","text":"s"}]},)"
      R"({"role":"user","content":"q"}]})",
      {});
  ASSERT_TRUE(request) << request.error().message;
  Losses losses;
  const auto body = responses_codec().encode_request(*request, {.model = "u"}, losses);
  ASSERT_TRUE(body);
  const auto said = json::parse(*body);
  EXPECT_EQ(said["store"], false);
  EXPECT_EQ(said["include"][0], "reasoning.encrypted_content");
  ASSERT_EQ(said["input"].size(), 2U);
  EXPECT_EQ(said["input"][0]["id"], "rs_1");
  EXPECT_EQ(losses.size(), 2U);
}

}  // namespace
}  // namespace bastide::dialects
