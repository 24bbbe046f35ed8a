// Rooms that answer what a test tells them, and remember what they were asked.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "dialects/text_leaves.h"
#include "exchange/pipeline.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange::testing {

inline Config config_with_outside() {
  Config config = default_config();
  ProviderConfig cloud;
  cloud.id = "cloud";
  cloud.zone = "US";
  config.providers.push_back(cloud);
  config.allow = {{"public", {"walls", "US"}, {}},
                  {"internal", {"walls", "US"}, {}},
                  {"confidential", {"walls"}, {}},
                  {"secret", {"walls"}, {}}};
  config.default_label = "internal";
  return config;
}

inline policy::ModelCard card(std::string id, std::string zone) {
  policy::ModelCard out;
  out.id = id;
  out.name = id;
  out.zone = zone;
  out.local = zone == "walls";
  out.provider = out.local ? "local" : "cloud";
  out.capabilities = {"chat"};
  out.state = "ready";
  out.price = PriceConfig{1.0, 2.0, std::nullopt};
  return out;
}

struct FakeAdmission final : Admission {
  Result<std::vector<std::string>> admit(const Exchange&, std::int64_t tokens) override {
    reserved = tokens;
    if (refuse) return fail(Code::rate_limited, "Too many.");
    return std::vector<std::string>{"within limits"};
  }
  Result<void> choose(const Exchange&, const policy::ModelCard& model, std::int64_t input_tokens,
                      std::int64_t output_tokens) override {
    chosen.push_back(model.id);
    bound = input_tokens + output_tokens;
    if (output_tokens > longest_paid) return fail(Code::budget_exhausted, "Too long.", "budget_month");
    if (too_dear.contains(model.id)) return fail(Code::budget_exhausted, "Too dear.", "budget_month");
    return {};
  }
  Result<void> choose_beside(const Exchange&, const policy::ModelCard& model, std::int64_t,
                             std::int64_t) override {
    beside.push_back(model.id);
    if (too_dear.contains(model.id)) return fail(Code::budget_exhausted, "Too dear.", "budget_month");
    return {};
  }
  Cost settle(const Exchange& exchange) override {
    ++settled;
    last = exchange.usage;
    if (exchange.first_token_us == 0) return {};
    return {cost, true, false};
  }
  bool refuse = false;
  std::set<std::string> too_dear;
  std::int64_t longest_paid = INT64_MAX;
  double cost = 0.25;
  std::vector<std::string> chosen, beside;
  std::int64_t reserved = 0, bound = 0;
  int settled = 0;
  Usage last;
};

struct FakeSpans final : Spans {
  std::string begin(std::string_view traceparent) const override {
    return std::string(traceparent) + "-ours";
  }
  void end(const Exchange& exchange) override { ended.push_back(exchange.span + " " + exchange.error); }
  std::vector<std::string> ended;
};

struct FakeRestorer final : Restorer {
  std::string feed(std::string_view text) override {
    std::string out(text);
    if (auto at = out.find("[EMAIL_1]"); at != std::string::npos) out.replace(at, 9, "a@b.fr");
    return out;
  }
  std::string restore_json(std::string_view json) override { return feed(json); }
  std::string finish() override { return {}; }
  [[nodiscard]] std::unique_ptr<Restorer> another() const override {
    return std::make_unique<FakeRestorer>();
  }
  [[nodiscard]] std::size_t unresolved() const override { return 0; }
};

struct FakeGuard final : Guard {
  Verdict inspect(std::string_view text) const override {
    seen.emplace_back(text);
    return verdict;
  }
  Task<Result<Pseudonymised>> pseudonymise(std::string scope, std::string,
                                           dialects::ChatRequest request) override {
    last_scope = scope;
    if (refuse) co_return fail(Code::refused_by_policy, "A secret may not leave.", "secret_outside");
    Pseudonymised out;
    (void)dialects::for_each_text(request, [&out](std::string& text) -> Result<void> {
      if (auto at = text.find("a@b.fr"); at != std::string::npos) {
        text.replace(at, 6, "[EMAIL_1]");
        out.masked = {{"email", "[EMAIL_1]", "a@b.fr"}};
      }
      return {};
    });
    out.request = std::move(request);
    out.restorer = std::make_unique<FakeRestorer>();
    co_return out;
  }
  [[nodiscard]] Result<Pseudonymised> mask(const dialects::ChatRequest&,
                                           std::span<const std::string_view>) const override {
    return fail(Code::internal, "The stages keep their tokens.");
  }
  mutable std::vector<std::string> seen;
  Verdict verdict{"allow", {}, {}};
  bool refuse = false;
  std::string last_scope;
};

// A claim is supported when it says "true"; "hello" is no claim.
struct FakeKnowledge final : Knowledge {
  Task<Result<Retrieval>> retrieve(identity::Principal, std::string query, std::vector<std::string>,
                                   std::size_t) override {
    last_query = query;
    if (missing) co_return fail(Code::not_found, "There is no such collection.", "no_collection");
    co_return retrieval;
  }
  Task<Result<std::vector<Citation>>> quotes(std::string, std::vector<Passage> passages,
                                             std::size_t limit) override {
    std::vector<Citation> out;
    for (const auto& passage : passages)
      if (out.size() < limit)
        out.push_back({0, passage.id, passage.document, passage.title, passage.page, passage.text, 1, {}});
    co_return out;
  }
  ClaimCheck check(std::string_view sentence, std::string_view,
                   std::span<const Passage> passages) const override {
    ClaimCheck out;
    out.text = std::string(sentence);
    out.is_claim = sentence.find("hello") == std::string_view::npos;
    out.supported = sentence.find("true") != std::string_view::npos;
    if (out.supported && !passages.empty())
      out.citations = {
          {1, passages[0].id, passages[0].document, passages[0].title, 1, passages[0].text, 1, {}}};
    return out;
  }
  Retrieval retrieval;
  bool missing = false;
  std::string last_query;
};

struct FakeCompletion final : Completion {
  explicit FakeCompletion(std::deque<Result<dialects::StreamEvent>> events, bool* ended)
      : left(std::move(events)), gone(ended) {}
  ~FakeCompletion() override { *gone = true; }
  Task<Result<dialects::StreamEvent>> next() override {
    if (left.empty()) co_return fail(Code::upstream, "cut", "truncated");
    auto event = std::move(left.front());
    left.pop_front();
    if (event && std::holds_alternative<dialects::TextDelta>(*event)) std::this_thread::sleep_for(thinks);
    co_return event;
  }
  std::deque<Result<dialects::StreamEvent>> left;
  bool* gone;
  Millis thinks{0};  // before each piece of text
};

using Events = std::deque<Result<dialects::StreamEvent>>;

inline dialects::StreamEvent text(std::string piece) { return dialects::TextDelta{0, std::move(piece)}; }
/// What every answer ends with; put before others by `said`.
inline Events end(Finish how = Finish::stop) {
  dialects::UsageGiven usage;
  usage.usage.input = 10;
  usage.usage.output = 5;
  dialects::Finished finished;
  finished.finish = how;
  return {dialects::StreamEvent(finished), dialects::StreamEvent(usage),
          dialects::StreamEvent(dialects::End{})};
}
/// An answer of these pieces with its proper end.
inline Events said(std::vector<std::string> pieces, Finish how = Finish::stop) {
  Events out;
  for (auto& piece : pieces) out.push_back(text(std::move(piece)));
  for (auto& event : end(how)) out.push_back(std::move(event));
  return out;
}

struct FakeModels final : Models {
  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override { return cards; }
  Task<Result<std::unique_ptr<Completion>>> start(ModelCall call, std::stop_token stop) override {
    calls.push_back(call);
    if (on_start) on_start();
    if (stop.stop_requested()) co_return fail(Code::cancelled, "stopped");
    for (const auto& id : down)
      if (id == call.model.id) co_return fail(Code::upstream, "It is down.", "connect_refused");
    auto completion = std::make_unique<FakeCompletion>(events, &completion_gone);
    completion->thinks = thinks;
    co_return completion;
  }
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard&, std::span<const Message>) const override {
    return 7;
  }
  Task<Result<Embeddings>> embed(std::string, std::vector<std::string>, EmbedKind, TooLong) override {
    co_return Embeddings{};
  }
  std::vector<policy::ModelCard> cards{card("inside", "walls")};
  std::vector<std::string> down;
  std::deque<Result<dialects::StreamEvent>> events = said({"Bonjour."});
  std::vector<ModelCall> calls;
  std::function<void()> on_start;
  bool completion_gone = false;
  Millis thinks{0};
};

struct FakeFootprint final : Footprint {
  Energy of(const policy::ModelCard&, const Usage&, double, const Computed&) const override {
    return {1, 2, 0, 0, 0, 0, "test", "estimated"};
  }
};

struct FakeRecords final : Records {
  Task<Result<void>> keep(std::string, std::string, std::string receipt) override {
    kept.push_back(receipt);
    co_return Result<void>{};
  }
  Task<Result<void>> note(std::string kind, std::string actor, std::string subject,
                          std::string json) override {
    noted.push_back(kind + " " + actor + " " + subject + " " + json);
    co_return Result<void>{};
  }
  std::vector<std::string> kept, noted;
};

struct FakeSink final : AnswerSink {
  Task<Result<void>> on_stage(const StageTrace& stage) override {
    stages.push_back(stage.name);
    co_return Result<void>{};
  }
  Task<Result<void>> on_masked(const std::vector<Masked>& items) override {
    order += "masked ";
    masked = items;
    co_return Result<void>{};
  }
  Task<Result<void>> on_text(std::string piece) override {
    if (leave_after && shown.size() >= leave_after) co_return fail(Code::cancelled, "left");
    order += "text ";
    shown += piece;
    co_return Result<void>{};
  }
  Task<Result<void>> on_reasoning(std::string) override { co_return Result<void>{}; }
  Task<Result<void>> on_citation(const Citation& citation) override {
    order += "citation ";
    citations.push_back(citation);
    co_return Result<void>{};
  }
  Task<Result<void>> on_replace(std::string with, std::string why) override {
    shown = with;
    replaced = why;
    co_return Result<void>{};
  }
  Task<Result<void>> on_event(dialects::StreamEvent event) override {
    events.push_back(std::move(event));
    co_return Result<void>{};
  }
  Task<Result<void>> on_done(const Exchange&) override {
    done = true;
    co_return Result<void>{};
  }
  std::vector<std::string> stages;
  std::vector<Masked> masked;
  std::vector<Citation> citations;
  std::vector<dialects::StreamEvent> events;
  std::string shown, replaced, order;
  std::size_t leave_after = 0;
  bool done = false;
};

/// A whole house of fakes and one exchange in it.
struct FakeHouse {
  Config config = config_with_outside();
  policy::Labels labels{config};
  policy::Router router{config, labels};
  FakeAdmission admission;
  FakeGuard guard;
  FakeKnowledge knowledge;
  FakeModels models;
  FakeFootprint footprint;
  FakeRecords records;
  FakeSink sink;
  Exchange exchange;

  FakeHouse() {
    exchange.id = "ex_test";
    exchange.who.person = "per_1";
    exchange.sink = &sink;
    exchange.ask.door = "web";
    exchange.ask.language = "en";
    exchange.ask.messages = {dialects::text_message(Role::user, "How many days?")};
  }
  [[nodiscard]] Rooms rooms() {
    return {labels, router, admission, guard, knowledge, models, footprint, records};
  }
  void with_passage(std::string label = "internal") {
    exchange.ask.collections = {"col_1"};
    Passage passage;
    passage.id = "p1";
    passage.document = "d1";
    passage.title = "Agreement";
    passage.text = "Two days a week.";
    passage.label = std::move(label);
    knowledge.retrieval.passages = {passage};
    knowledge.retrieval.supported = true;
  }
  Result<void> run() {
    Pipeline pipeline(rooms());
    return sync_wait(pipeline.run(exchange));
  }
  /// One stage alone.
  Result<void> run(std::unique_ptr<Stage> stage, StageTrace& trace) {
    return sync_wait(stage->run(exchange, trace));
  }
};

}  // namespace bastide::exchange::testing
