#include "exchange/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "exchange/queue_place.h"
#include "tests/exchange/fakes.h"

namespace bastide::exchange::testing {
namespace {

TEST(Pipeline, walks_the_twelve_stages_in_order) {
  FakeHouse house;
  ASSERT_TRUE(house.run());
  EXPECT_EQ(house.sink.stages,
            (std::vector<std::string>{"identify", "admit", "label", "guard_in", "retrieve", "compose",
                                      "route", "pseudonymise", "call", "guard_out", "record"}));
  EXPECT_EQ(house.exchange.trace.back().name, "deliver");
  EXPECT_TRUE(house.sink.done);
  EXPECT_EQ(house.sink.shown, "Bonjour.");
}

TEST(Pipeline, the_receipt_tells_every_stage_and_no_content) {
  FakeHouse house;
  house.exchange.ask.messages[0] = dialects::text_message(Role::user, "a very private question");
  ASSERT_TRUE(house.run());
  ASSERT_EQ(house.records.kept.size(), 1U);
  auto receipt = parse_json(house.records.kept[0]);
  ASSERT_TRUE(receipt);
  EXPECT_EQ((*receipt)["stages"].size(), 12U);
  EXPECT_EQ((*receipt)["route"]["chosen"], "inside");
  EXPECT_EQ((*receipt)["tokens"]["output"], 5);
  EXPECT_EQ(house.records.kept[0].find("private"), std::string::npos);
  EXPECT_EQ(house.records.kept[0].find("Bonjour"), std::string::npos);
}

TEST(Pipeline, what_policy_does_not_allow_is_refused_and_never_sent) {
  FakeHouse house;
  house.models.cards = {card("outside", "US")};
  house.exchange.ask.label = "secret";
  auto result = house.run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::refused_by_policy);
  EXPECT_TRUE(house.models.calls.empty());
  EXPECT_EQ(house.records.kept.size(), 1U);  // the refusal has a receipt
  EXPECT_EQ(house.exchange.finish, Finish::refusal);
  EXPECT_EQ(house.admission.settled, 1);  // what was reserved is given back
  ASSERT_EQ(house.records.noted.size(), 1U);
  EXPECT_EQ(house.records.noted[0], R"(policy_refused per_1 ex_test {"stage":"route","label":"secret"})");
}

TEST(Pipeline, a_named_model_is_never_replaced_by_another_in_silence) {
  FakeHouse house;
  house.models.cards = {card("outside", "US"), card("inside", "walls")};
  house.exchange.ask.label = "confidential";
  house.exchange.ask.model = "outside";
  ASSERT_FALSE(house.run());
  EXPECT_TRUE(house.models.calls.empty());
}

TEST(Pipeline, a_confidential_passage_keeps_the_question_inside) {
  FakeHouse house;
  house.with_passage("confidential");
  house.models.cards = {card("outside", "US"), card("inside", "walls")};
  house.models.events = said({"It is true [1]. "});
  ASSERT_TRUE(house.run());
  ASSERT_EQ(house.models.calls.size(), 1U);
  EXPECT_EQ(house.models.calls[0].model.id, "inside");
  EXPECT_EQ(house.labels.id(house.exchange.label), "confidential");
}

TEST(Pipeline, what_a_conversation_has_read_stays_labelled) {
  FakeHouse house;
  house.models.cards = {card("outside", "US")};
  house.exchange.ask.floor_label = "confidential";
  EXPECT_EQ(house.run().error().code, Code::refused_by_policy);
  EXPECT_TRUE(house.models.calls.empty());
}

TEST(Pipeline, the_provider_receives_pseudonyms_and_the_person_the_real_values) {
  FakeHouse house;
  house.models.cards = {card("outside", "US")};
  house.exchange.ask.messages[0] = dialects::text_message(Role::user, "Write to a@b.fr");
  house.models.events = said({"Dear [EMAIL_1], hello."});
  ASSERT_TRUE(house.run());
  ASSERT_EQ(house.models.calls.size(), 1U);
  for (const auto& message : house.models.calls[0].request.messages)
    EXPECT_EQ(text_of(message).find("a@b.fr"), std::string::npos);
  EXPECT_EQ(house.sink.shown, "Dear a@b.fr, hello.");
  EXPECT_EQ(house.sink.order, "masked text ");  // seen before anything is sent
}

TEST(Pipeline, tool_definitions_that_leave_carry_pseudonyms_too) {
  FakeHouse house;
  house.models.cards = {card("outside", "US")};
  house.exchange.ask.tools.push_back({"send", "mail a@b.fr"});
  ASSERT_TRUE(house.run());
  ASSERT_EQ(house.models.calls.size(), 1U);
  EXPECT_EQ(house.models.calls[0].request.tools[0].description, "mail [EMAIL_1]");
  EXPECT_EQ(house.models.calls[0].request.messages.size(), 1U);
}

TEST(Pipeline, arguments_of_tools_come_back_whole_and_restored) {
  FakeHouse house;
  house.models.cards = {card("outside", "US")};
  house.exchange.ask.messages[0] = dialects::text_message(Role::user, "Write to a@b.fr");
  Events events;
  events.emplace_back(dialects::PartStart{0, 0, {dialects::ToolCall{"c1", "send", ""}}});
  events.emplace_back(dialects::ArgumentsDelta{0, R"({"to":"[EMA)"});
  events.emplace_back(dialects::ArgumentsDelta{0, R"(IL_1]"})"});
  events.emplace_back(dialects::PartEnd{0, {}});
  for (auto& event : end(Finish::tool_calls)) events.push_back(std::move(event));
  house.models.events = std::move(events);
  ASSERT_TRUE(house.run());
  ASSERT_EQ(house.sink.events.size(), 3U);
  EXPECT_EQ(std::get<dialects::ArgumentsDelta>(house.sink.events[1]).text, R"({"to":"a@b.fr"})");
  EXPECT_EQ(house.exchange.finish, Finish::tool_calls);
}

TEST(Pipeline, a_model_that_gives_up_before_it_said_anything_gives_way_to_another) {
  FakeHouse house;
  house.models.cards = {card("inside", "walls")};
  house.models.events.clear();
  house.models.events.emplace_back(dialects::Start{"m", "m"});
  house.models.events.emplace_back(
      std::unexpected(Error{Code::upstream, "overloaded", "provider_overloaded"}));
  auto result = house.run();
  ASSERT_FALSE(result);
  EXPECT_TRUE(house.sink.shown.empty());
  EXPECT_EQ(house.exchange.trace[8].decision, "failed");
}

TEST(Pipeline, who_waits_for_a_model_is_told_where_he_stands) {
  FakeHouse house;
  house.models.events = said({"Yes, ", "two."});
  house.models.events.push_front(event_of({0, 0}));
  house.models.events.push_front(event_of({2, 14}));
  ASSERT_TRUE(house.run());
  EXPECT_EQ(house.sink.shown, "Yes, two.") << "a place is no part of the answer";
  EXPECT_TRUE(house.sink.events.empty());
  EXPECT_EQ(std::ranges::count(house.sink.stages, "queue"), 2);
  EXPECT_EQ(sentence_of({2, 14}), "Waiting for the model: place 2 in the queue, about 14 s.");
  const auto place = queue_place_of(event_of({2, 14}));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->place, 2);
  EXPECT_EQ(place->wait_s, 14);
  EXPECT_FALSE(queue_place_of(dialects::RawEvent{dialects::Dialect::openai, "bastide.queue", "x"}));
  EXPECT_FALSE(queue_place_of(text("2 14")));
}

TEST(Pipeline, an_unsupported_answer_gives_way_to_quotes) {
  FakeHouse house;
  house.with_passage();
  house.models.events = said({"An invention. Another invention."});
  ASSERT_TRUE(house.run());
  EXPECT_EQ(house.sink.shown, "> Two days a week. [1]");
  EXPECT_EQ(house.exchange.quoting_why, "not_supported");
  EXPECT_EQ(house.exchange.citations.size(), 1U);
}

TEST(Pipeline, quote_only_calls_no_model) {
  FakeHouse house;
  house.with_passage();
  house.exchange.ask.quote_only = true;
  ASSERT_TRUE(house.run());
  EXPECT_TRUE(house.models.calls.empty());
  EXPECT_EQ(house.exchange.quoting_why, "asked");
}

TEST(Pipeline, a_model_too_small_for_documents_is_not_believed) {
  FakeHouse house;
  house.with_passage();
  house.models.cards[0].answers_documents = false;
  ASSERT_TRUE(house.run());
  EXPECT_TRUE(house.models.calls.empty());
  EXPECT_EQ(house.exchange.quoting_why, "no_model");
  EXPECT_EQ(house.sink.shown, "> Two days a week. [1]");
}

TEST(Pipeline, says_so_when_nothing_supports_an_answer) {
  FakeHouse house;
  house.with_passage();
  house.knowledge.retrieval.supported = false;
  house.exchange.ask.language = "fr";
  ASSERT_TRUE(house.run());
  EXPECT_TRUE(house.models.calls.empty());
  EXPECT_TRUE(house.sink.shown.starts_with("Pas de réponse dans vos documents"));
}

TEST(Pipeline, the_receipt_is_kept_when_the_model_dies_in_the_middle) {
  FakeHouse house;
  house.models.events = {text("Half an ans"), std::unexpected(Error{Code::upstream, "cut", "truncated", ""})};
  auto result = house.run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail, "truncated");
  EXPECT_EQ(house.records.kept.size(), 1U);
  EXPECT_FALSE(house.sink.done);
  EXPECT_TRUE(house.models.completion_gone);
}

struct FakeWork final : Work {
  Task<Result<Usage>> ask(policy::ModelCard model, std::vector<Message> messages, std::stop_token) override {
    asked.push_back(model.id);
    said = dialects::text_of(messages.front());
    if (model.id == down) co_return fail(Code::upstream, "It is down.", "connect_refused");
    Usage usage;
    usage.input_tokens = 40;
    co_return usage;
  }
  std::vector<std::string> asked;
  std::string said, down;
};

/// A house with two rerankers and a question for them.
struct RankHouse : FakeHouse {
  RankHouse() {
    models.cards = {card("chat", "walls"), card("inside", "walls"), card("outside", "US")};
    for (auto* each : {&models.cards[1], &models.cards[2]}) each->capabilities = {"rerank"};
    models.cards[2].fallback = {"inside"};
    exchange.ask.capability = "rerank";
    exchange.ask.messages = {dialects::text_message(Role::user, "Write to a@b.fr."),
                             dialects::text_message(Role::user, "whom?")};
    exchange.sink = nullptr;
  }
  Result<void> rank(std::string model) {
    exchange.ask.model = std::move(model);
    Pipeline pipeline(rooms());
    return sync_wait(pipeline.run(exchange, work));
  }
  FakeWork work;
};

TEST(PipelineOfWork, walks_the_stages_that_govern_and_keeps_a_receipt) {
  RankHouse house;
  ASSERT_TRUE(house.rank("auto"));
  EXPECT_EQ(house.work.asked, std::vector<std::string>{"inside"});
  EXPECT_EQ(house.work.said, "Write to a@b.fr.");
  EXPECT_TRUE(house.models.calls.empty()) << "nobody writes an answer";
  EXPECT_EQ(house.admission.settled, 1);
  EXPECT_EQ(house.admission.last.input_tokens, 40);
  ASSERT_EQ(house.records.kept.size(), 1U);
  const auto receipt = parse_json(house.records.kept[0]);
  std::vector<std::string> stages;
  for (const auto& stage : (*receipt)["stages"]) stages.push_back(stage["name"]);
  EXPECT_EQ(stages, (std::vector<std::string>{"identify", "admit", "label", "guard_in", "route",
                                              "pseudonymise", "call", "record", "deliver"}));
  EXPECT_EQ((*receipt)["tokens"]["input"], 40);
}

TEST(PipelineOfWork, masks_what_leaves_and_fails_over_without_the_mask) {
  RankHouse house;
  house.work.down = "outside";
  house.exchange.ask.label = "internal";
  ASSERT_TRUE(house.rank("outside"));
  EXPECT_EQ(house.work.asked, (std::vector<std::string>{"outside", "inside"}));
  EXPECT_EQ(house.work.said, "Write to a@b.fr.");
  EXPECT_EQ(house.exchange.failovers, 1);
  RankHouse up;
  ASSERT_TRUE(up.rank("outside"));
  EXPECT_EQ(up.work.said, "Write to [EMAIL_1].");
}

TEST(PipelineOfWork, is_refused_as_an_answer_would_be) {
  RankHouse secret;
  secret.exchange.ask.label = "secret";
  auto refused = secret.rank("outside");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused_by_policy);
  RankHouse chat;
  EXPECT_EQ(chat.rank("chat").error().detail, "no_capability");
  RankHouse key;
  key.exchange.who.models = {"chat"};
  EXPECT_EQ(key.rank("inside").error().detail, "key_model");
  RankHouse dear;
  dear.admission.too_dear = {"inside"};
  EXPECT_EQ(dear.rank("inside").error().code, Code::budget_exhausted);
  for (auto* house : {&secret, &chat, &key, &dear}) {
    EXPECT_TRUE(house->work.asked.empty());
    EXPECT_EQ(house->records.kept.size(), 1U);
    EXPECT_EQ(house->admission.settled, 1);
  }
}

TEST(Pipeline, an_exchange_is_one_span_of_its_callers_trace) {
  FakeHouse house;
  FakeSpans spans;
  auto rooms = house.rooms();
  rooms.spans = &spans;
  house.exchange.ask.traceparent = "theirs";
  ASSERT_TRUE(sync_wait(Pipeline(rooms).run(house.exchange)));
  ASSERT_EQ(house.models.calls.size(), 1U);
  EXPECT_EQ(house.models.calls[0].traceparent, "theirs-ours");
  EXPECT_THAT(spans.ended, ::testing::ElementsAre("theirs-ours "));
}

TEST(Pipeline, a_preview_sends_and_keeps_nothing) {
  FakeHouse house;
  Pipeline pipeline(house.rooms());
  ASSERT_TRUE(sync_wait(pipeline.preview(house.exchange)));
  EXPECT_EQ(house.exchange.model.id, "inside");
  EXPECT_TRUE(house.models.calls.empty());
  EXPECT_TRUE(house.records.kept.empty());
  EXPECT_EQ(house.admission.reserved, 0);
}

}  // namespace
}  // namespace bastide::exchange::testing
