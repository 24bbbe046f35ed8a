// Each stage alone: what it decides, and what it says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/prompt.h"
#include "tests/exchange/fakes.h"

namespace bastide::exchange::testing {
namespace {

struct StageTest : ::testing::Test {
  FakeHouse house;
  StageTrace trace;
};

TEST_F(StageTest, identify_refuses_nobody_and_keys_without_the_scope) {
  EXPECT_TRUE(house.run(identify_stage(), trace));
  house.exchange.who.scopes = {"documents"};
  EXPECT_EQ(house.run(identify_stage(), trace).error().detail, "key_scope");
  house.exchange.who = {};
  EXPECT_EQ(house.run(identify_stage(), trace).error().code, Code::unauthenticated);
}

TEST_F(StageTest, admit_reserves_question_and_answer) {
  house.exchange.ask.sampling.max_tokens = 100;
  ASSERT_TRUE(house.run(admit_stage(house.admission), trace));
  EXPECT_GT(house.admission.reserved, 100);
  EXPECT_TRUE(house.exchange.admitted);
  house.admission.refuse = true;
  EXPECT_EQ(house.run(admit_stage(house.admission), trace).error().code, Code::rate_limited);
}

TEST_F(StageTest, label_takes_the_choice_and_the_conversations_floor) {
  house.exchange.ask.label = "public";
  ASSERT_TRUE(house.run(label_stage(house.labels), trace));
  EXPECT_EQ(trace.decision, "public");
  house.exchange.ask.floor_label = "confidential";
  ASSERT_TRUE(house.run(label_stage(house.labels), trace));
  EXPECT_EQ(trace.decision, "confidential");
  house.exchange.ask.label = "unheard of";
  EXPECT_EQ(house.run(label_stage(house.labels), trace).error().code, Code::invalid);
}

TEST_F(StageTest, guard_in_counts_by_type_and_blocks) {
  house.guard.verdict = {"mask", {{"email", 0, 6, 1, "r"}, {"email", 8, 14, 1, "r"}}, {}};
  ASSERT_TRUE(house.run(guard_in_stage(house.guard), trace));
  EXPECT_EQ(trace.detail_json, R"({"found":{"email":2}})");
  house.guard.verdict.decision = "block";
  EXPECT_EQ(house.run(guard_in_stage(house.guard), trace).error().code, Code::refused_by_policy);
}

TEST_F(StageTest, guard_in_reads_documents_that_come_as_text) {
  dialects::Media document;
  document.kind = dialects::Media::Kind::file;
  document.text = "A document.";
  auto& messages = house.exchange.ask.messages;
  messages = {dialects::text_message(dialects::Role::user, "Before."),
              dialects::text_message(dialects::Role::user, "A question.")};
  messages.back().parts.push_back({document});
  ASSERT_TRUE(house.run(guard_in_stage(house.guard), trace));
  EXPECT_EQ(house.guard.seen, (std::vector<std::string>{"A question.", "A document."}));
}

TEST_F(StageTest, guard_in_does_what_the_key_says) {
  house.guard.verdict = {"block", {{"injection", 0, 6, 1, "r"}}, {}};
  house.exchange.who.guard = identity::GuardPolicy::observe;
  ASSERT_TRUE(house.run(guard_in_stage(house.guard), trace));
  EXPECT_EQ(trace.decision, "observed");
  EXPECT_EQ(house.exchange.findings.size(), 1U) << "what it saw is in the receipt";
  house.exchange.findings.clear();
  house.exchange.who.guard = identity::GuardPolicy::off;
  ASSERT_TRUE(house.run(guard_in_stage(house.guard), trace));
  EXPECT_EQ(trace.decision, "off");
  // Off within the walls only: what leaves them is looked at all the same.
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.route.order = {card("outside", "US")};
  house.guard.refuse = true;
  EXPECT_FALSE(house.run(pseudonymise_stage(house.router, house.guard), trace));
}

TEST_F(StageTest, auto_takes_the_smallest_that_can_do_what_is_asked) {
  auto small = card("small", "walls"), able = card("able", "walls");
  small.parameters_active = Range{1, 1};
  able.parameters_active = Range{8, 8};
  able.capabilities.emplace_back("tools");
  house.models.cards = {able, small};
  house.exchange.ask.model = "auto";
  house.exchange.prompt = house.exchange.ask.messages;
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(trace.decision, "small");
  house.exchange.ask.tools.emplace_back().name = "look_up";
  trace = {};
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(trace.decision, "able");
  EXPECT_THAT(trace.reasons, ::testing::Contains(::testing::HasSubstr("Needed: chat, tools;")));
  // Who names a model knows what it can do.
  house.exchange.ask.model = "small";
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(trace.decision, "small");
}

TEST_F(StageTest, retrieve_joins_labels_and_passes_errors_on) {
  house.with_passage("secret");
  ASSERT_TRUE(house.run(retrieve_stage(house.knowledge, house.labels), trace));
  EXPECT_EQ(house.labels.id(house.exchange.label), "secret");
  house.knowledge.retrieval.passages[0].label = "a label that is no longer configured";
  house.exchange.label = {};
  ASSERT_TRUE(house.run(retrieve_stage(house.knowledge, house.labels), trace));
  EXPECT_EQ(house.exchange.label, house.labels.highest());  // failing closed
  house.knowledge.missing = true;
  EXPECT_EQ(house.run(retrieve_stage(house.knowledge, house.labels), trace).error().code, Code::not_found);
}

TEST_F(StageTest, compose_puts_passages_before_the_conversation) {
  house.with_passage();
  house.exchange.retrieval = house.knowledge.retrieval;
  ASSERT_TRUE(house.run(compose_stage(house.models), trace));
  ASSERT_EQ(house.exchange.prompt.size(), 2U);
  EXPECT_EQ(house.exchange.prompt[0].role, Role::system);
  EXPECT_NE(text_of(house.exchange.prompt[0]).find("Two days a week."), std::string::npos);
}

TEST_F(StageTest, route_names_every_candidate_with_its_reason) {
  house.models.cards = {card("outside", "US"), card("inside", "walls")};
  house.exchange.label = house.labels.find("confidential").value();
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(trace.decision, "inside");
  EXPECT_EQ(house.exchange.candidates.size(), 2U);
}

TEST_F(StageTest, pseudonymise_keeps_a_secret_inside_when_somebody_inside_can_answer) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.route.order = {card("outside", "US"), card("inside", "walls")};
  house.guard.refuse = true;
  ASSERT_TRUE(house.run(pseudonymise_stage(house.router, house.guard), trace));
  EXPECT_EQ(trace.decision, "kept_inside");
  EXPECT_EQ(house.exchange.model.id, "inside");
  house.exchange.route.order = {card("outside", "US")};
  EXPECT_EQ(house.run(pseudonymise_stage(house.router, house.guard), trace).error().code,
            Code::refused_by_policy);
}

TEST_F(StageTest, pseudonyms_hold_for_a_conversation) {
  house.exchange.route.order = {card("outside", "US")};
  house.exchange.ask.conversation = "cnv_1";
  ASSERT_TRUE(house.run(pseudonymise_stage(house.router, house.guard), trace));
  EXPECT_EQ(house.guard.last_scope, "cnv_1");
}

TEST_F(StageTest, call_fails_over_before_the_first_token_only) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.route.order = {card("first", "walls"), card("second", "walls")};
  house.models.down = {"first"};
  ASSERT_TRUE(house.run(call_stage(house.router, house.models, house.knowledge, house.admission), trace));
  EXPECT_EQ(house.exchange.model.id, "second");
  EXPECT_EQ(house.models.calls.size(), 2U);
}

TEST_F(StageTest, the_first_token_is_the_models_not_its_acceptance) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.route.order = {card("inside", "walls")};
  house.models.events = said({"Bonjour."});
  house.models.events.push_front(dialects::StreamEvent(dialects::UsageGiven{}));
  house.models.events.push_front(dialects::StreamEvent(dialects::Start{}));
  house.models.thinks = Millis(30);
  ASSERT_TRUE(house.run(call_stage(house.router, house.models, house.knowledge, house.admission), trace));
  EXPECT_GE(house.exchange.first_token_us, 30'000);
}

TEST_F(StageTest, route_gives_way_to_what_budgets_can_pay_only_when_it_may_choose) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.admitted = true;
  house.models.cards = {card("a", "walls"), card("b", "walls")};
  house.admission.too_dear = {"a"};
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(house.exchange.model.id, "b");
  EXPECT_EQ(house.exchange.candidates[0].reason, "over_budget");
  EXPECT_EQ(house.exchange.candidates[1].reason, "chosen");
  EXPECT_GT(house.admission.bound, 100);
  house.exchange.ask.model = "a";
  auto refused = house.run(route_stage(house.router, house.labels, house.models, house.admission), trace);
  EXPECT_EQ(refused.error().code, Code::budget_exhausted);
}

TEST_F(StageTest, a_budget_that_cannot_pay_the_longest_answer_gets_a_shorter_one) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.admitted = true;
  house.models.cards = {card("a", "walls")};
  house.admission.longest_paid = 3000;
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(house.exchange.answer_cap, 2048) << "half of 8,192, and half of that again";
  EXPECT_EQ(call_of(house.exchange).sampling.max_tokens, 2048);
  house.exchange.ask.sampling.max_tokens = 5000;
  auto refused = house.run(route_stage(house.router, house.labels, house.models, house.admission), trace);
  EXPECT_EQ(refused.error().code, Code::budget_exhausted) << "what the caller wants is not cut";
  house.exchange.ask.sampling.max_tokens.reset();
  house.admission.longest_paid = 200;
  EXPECT_FALSE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
}

TEST_F(StageTest, auto_takes_a_model_that_keeps_to_a_schema) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.ask.output.kind = dialects::OutputFormat::Kind::json_schema;
  house.models.cards = {card("a", "walls"), card("b", "walls")};
  house.models.cards[1].capabilities.emplace_back("structured_output");
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(house.exchange.model.id, "b");
  house.models.cards[1].capabilities.pop_back();
  ASSERT_TRUE(house.run(route_stage(house.router, house.labels, house.models, house.admission), trace));
  EXPECT_EQ(house.exchange.model.id, "a") << "where nobody says so, nothing is known of any";
}

TEST_F(StageTest, call_pays_for_the_model_that_stands_in) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.admitted = true;
  house.exchange.route.order = {card("first", "walls"), card("dear", "walls"), card("third", "walls")};
  house.exchange.model = house.exchange.route.order.front();
  house.models.down = {"first"};
  house.admission.too_dear = {"dear"};
  ASSERT_TRUE(house.run(call_stage(house.router, house.models, house.knowledge, house.admission), trace));
  EXPECT_EQ(house.exchange.model.id, "third");
  EXPECT_THAT(house.admission.chosen, ::testing::ElementsAre("dear", "third"));
}

TEST_F(StageTest, call_asks_the_rule_once_more_where_bytes_go_out) {
  house.exchange.prompt = house.exchange.ask.messages;
  house.exchange.outgoing = house.exchange.ask;
  house.exchange.label = house.labels.highest();
  house.exchange.route.order = {card("outside", "US")};
  EXPECT_EQ(
      house.run(call_stage(house.router, house.models, house.knowledge, house.admission), trace).error().code,
      Code::refused_by_policy);
  EXPECT_TRUE(house.models.calls.empty());
}

TEST_F(StageTest, guard_out_withholds_what_no_passage_supports) {
  house.with_passage();
  house.models.events = said({"hello there. It is true", " [1]. It is tr", "ue again. Invented."});
  ASSERT_TRUE(house.run());
  EXPECT_EQ(house.sink.shown.find("Invented"), std::string::npos);
  EXPECT_NE(house.sink.shown.find("hello there. It is true [1]. It is true again. "), std::string::npos);
  EXPECT_EQ(house.exchange.claims_withheld, 1U);
  EXPECT_TRUE(
      house.sink.order.starts_with("text citation text"));  // a citation comes before the text that holds it
}

TEST_F(StageTest, guard_out_keeps_what_was_written_when_the_reader_leaves) {
  house.models.events = said({"One. ", "Two. ", "Three."});
  house.sink.leave_after = 1;
  ASSERT_TRUE(house.run());
  EXPECT_EQ(house.exchange.finish, Finish::cancelled);
  EXPECT_TRUE(house.models.completion_gone);
  EXPECT_TRUE(house.sink.shown.starts_with("One."));
}

TEST_F(StageTest, record_settles_actual_cost_and_energy) {
  ASSERT_TRUE(house.run());
  EXPECT_EQ(house.admission.settled, 1);
  EXPECT_EQ(house.admission.last.output_tokens, 5);
  EXPECT_EQ(house.exchange.energy.wh_high, 2);
  EXPECT_DOUBLE_EQ(house.exchange.cost, 0.25);
  EXPECT_TRUE(house.exchange.cost_known);
}

TEST_F(StageTest, deliver_tells_the_end) {
  ASSERT_TRUE(house.run(deliver_stage(), trace));
  EXPECT_TRUE(house.sink.done);
}

}  // namespace
}  // namespace bastide::exchange::testing
