#include "responses/background.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/key_watch.h"
#include "identity/later.h"
#include "responses/conversations.h"

namespace bastide::responses {
namespace {

constexpr std::size_t frames_a_batch = 500;
constexpr Millis cancel_patience{10'000};
constexpr std::size_t prefix_bytes = 5;  // of "resp_"

/// Ends an exchange with the key under which it runs.
class EndWithKey final : gateway::KeyWatched {
 public:
  EndWithKey(const identity::KeyTable& keys, const std::string& key, std::stop_source stop)
      : KeyWatched(keys, key), stop_(std::move(stop)) {}
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  void on_key_over() override {
    over_ = true;
    stop_.request_stop();
  }
  std::stop_source stop_;
  bool over_ = false;
};

}  // namespace

struct Background::Live {
  static std::shared_ptr<Live> of(std::string id, std::string person) {
    auto live = std::make_shared<Live>();
    live->id = std::move(id);
    live->person = std::move(person);
    return live;
  }

  std::string id, person;
  std::stop_source stop{};
  std::atomic<bool> cancelled{false};    // by its person
  std::atomic<bool> dropped{false};      // nothing of it is to be kept
  std::atomic<bool> interrupted{false};  // the process ends: the next one runs it again
  std::atomic<bool> ended{false};
  Bell bell{};
};

/// A response that runs, or is being accepted.
struct Background::Run {
  // What is stored of its call.
  std::string body, language, key, email;
  // What became of it.
  identity::Principal who{};
  Begun begun{};
  exchange::Ask ask{};
  bool streams = false;
  std::int64_t first_number = 0;
  std::optional<exchange::Exchange> exchange{};
  std::shared_ptr<FrameJournal> journal{};
  std::optional<Recorder> recorder{};

  [[nodiscard]] std::string to_json() const {
    JsonWriter json;
    json.object().field("body", body).field("language", language).field("key", key).field("email", email);
    return json.end().take();
  }
  Result<void> read(std::string_view stored) {
    auto json = parse_json(stored);
    if (!json) return pass(json);
    const auto text = [&](const char* name) { return json->value(name, std::string()); };
    body = text("body");
    language = text("language");
    key = text("key");
    email = text("email");
    return {};
  }
  /// The answer before there is one.
  [[nodiscard]] dialects::ChatAnswer head(const StoredResponse& stored) const {
    dialects::ChatAnswer out;
    out.id = stored.id.substr(prefix_bytes);
    out.model = ask.model;
    out.created_s = stored.created_at / 1000;
    out.others = begun.repeated;
    return out;
  }
};

Background::Background(Rooms rooms, RunBounds bounds)
    : rooms_(std::move(rooms)), queue_(bounds, [this](std::shared_ptr<Live> live) {
        spawn_on(rooms_.loop, "background_response", run(std::move(live)));
      }) {}
Background::~Background() = default;

Task<Result<void>> Background::prepare(const std::string& person, Run& run) {
  auto call = dialects::read_responses_call(run.body);
  if (!call) co_return pass(call);
  run.streams = call->stream;
  auto model = rooms_.alias(call->model);
  auto begun = co_await rooms_.responses.begin(person, std::move(*call));
  if (!begun) co_return pass(begun);
  auto request = dialects::responses_codec().decode_request(begun->body, {});
  if (!request) co_return pass(request);
  if (request->sampling.n.value_or(1) != 1)
    co_return fail(Code::invalid, "\"n\" must be 1: ask again for another answer.", "invalid_n");
  begun->body = {};
  run.begun = std::move(*begun);
  if (!model.empty()) request->model = std::move(model);
  request->background = false;      // this is it
  run.ask.hedge_after = Millis(0);  // nobody waits for its first word
  auto taken = co_await run_on(
      rooms_.pool, [this, &run, &request] { return rooms_.take_options(run.who, *request, run.ask); });
  co_return taken;
}

Task<Result<Background::Accepted>> Background::accept(identity::Principal who, std::string language,
                                                      std::string body) {
  Run run;
  run.body = std::move(body);
  run.language = std::move(language);
  run.key = who.key;
  run.email = who.email;
  run.who = std::move(who);
  auto prepared = co_await prepare(run.who.person, run);
  if (!prepared) co_return pass(prepared);

  Accepted out;
  out.exchange = new_id("ex");
  out.id = dialects::response_id_of(out.exchange);
  StoredResponse stored;
  stored.id = out.id;
  stored.chain = run.begun.chain.empty() ? out.id : run.begun.chain;
  stored.previous = run.begun.previous;
  stored.person = run.who.person;
  stored.created_at = now_ms();
  stored.label = run.begun.label.empty() ? rooms_.labels.id(rooms_.labels.default_label()) : run.begun.label;
  stored.items_json = run.begun.items_json;
  stored.response_json = dialects::response_json(run.head(stored), "queued");
  stored.state = State::queued;
  stored.in_background = true;
  stored.call_json = run.to_json();
  std::vector<StreamFrame> frames;
  if (run.streams)
    for (const auto* type : {"response.created", "response.queued"}) {
      const auto number = static_cast<std::int64_t>(frames.size());
      frames.push_back({number, dialects::response_frame(type, number, stored.response_json)});
    }
  const auto live = Live::of(out.id, stored.person);
  if (!queue_.enter(live))
    co_return fail(Code::rate_limited, "Too many responses run or wait in the background.",
                   "too_many_in_background", "Wait until some have ended, or cancel some.");
  auto kept =
      co_await run_on(rooms_.pool, [this, &stored, &frames] { return rooms_.store.add(stored, frames); });
  if (!kept) {
    queue_.leave(live);
    co_return pass(kept);
  }
  queue_.queue(live);
  out.response_json = std::move(stored.response_json);
  co_return out;
}

Result<identity::Principal> Background::who_of(const Run& run, const std::string& person) {
  return identity::who_now(rooms_.identity, {person, run.key, run.email});
}

Task<void> Background::run(std::shared_ptr<Live> live) {
  auto stored =
      co_await run_on(rooms_.pool, [this, &live] { return rooms_.store.find(live->id, live->person); });
  if (stored && stored->state != State::ended) {
    auto done = co_await answer(live, *stored);
    if (!done)
      log::error("response_not_kept",
                 {{"code", code_name(done.error().code)}, {"detail", done.error().detail}});
  }
  queue_.leave(live);
  live->ended = true;
  live->bell.ring();
}

Task<Result<void>> Background::answer(std::shared_ptr<Live> live, StoredResponse& stored) {
  Run run;
  auto parsed = run.read(stored.call_json);
  if (!parsed) co_return parsed;
  auto next = co_await run_on(rooms_.pool,
                              [this, &stored] { return rooms_.store.next_number(stored.id, stored.person); });
  if (!next) co_return pass(next);
  run.first_number = *next;
  auto asked = co_await ask(live, stored, run);
  if (run.journal) {
    auto settled = co_await run.journal->settle();
    if (asked && !settled) asked = pass(settled);
  }
  if (live->dropped || live->interrupted) co_return Result<void>{};
  if (asked) {
    auto kept = co_await finish(live, stored, run, {}, nullptr);
    co_return kept;
  }
  const auto error = rooms_.told(asked.error(), run.language);
  auto kept = co_await finish(live, stored, run, live->cancelled ? "cancelled" : "failed",
                              live->cancelled ? nullptr : &error);
  co_return kept;
}

Task<Result<void>> Background::ask(std::shared_ptr<Live> live, StoredResponse& stored, Run& run) {
  if (live->cancelled) co_return fail(Code::cancelled, "It was cancelled before it began.");
  auto who = co_await run_on(rooms_.pool, [this, &run, &stored] { return who_of(run, stored.person); });
  if (!who) co_return pass(who);
  run.who = std::move(*who);
  auto prepared = co_await prepare(stored.person, run);
  if (!prepared) co_return prepared;
  const bool is_first_run = stored.state == State::queued;
  const auto head = run.head(stored);
  auto began = co_await run_on(rooms_.pool, [this, &stored, &head] {
    return rooms_.store.set_running(stored.id, stored.person, dialects::response_json(head, "in_progress"));
  });
  if (!began) co_return began;

  auto& exchange = run.exchange.emplace();
  // What ran before a restart may have its receipt already.
  exchange.id = is_first_run ? head.id : new_id("ex");
  exchange.started_at = now_ms();
  exchange.who = run.who;
  exchange.ask = std::move(run.ask);
  exchange.ask.door = "responses";
  exchange.ask.language = run.language;
  exchange.stop = live->stop.get_token();
  go_on_from(run.begun, head.id, exchange.ask);
  run.journal =
      std::make_shared<FrameJournal>(rooms_.store, rooms_.pool, stored.id, stored.person, live->bell);
  Recording recording{head.id,     head.created_s,  head.others, run.begun.wants_sealed,
                      run.streams, run.first_number};
  exchange.sink = &run.recorder.emplace(std::move(recording), exchange, rooms_.labels, run.journal);
  const EndWithKey watch(rooms_.identity.key_table(), run.who.key, live->stop);
  auto done = co_await rooms_.pipeline.run(exchange);
  if (watch.is_over()) co_return std::unexpected(gateway::KeyWatched::over());
  co_return done;
}

Task<Result<void>> Background::finish(std::shared_ptr<Live> live, StoredResponse& stored, Run& run,
                                      std::string_view status, const Error* error) {
  const auto* came = run.recorder ? run.recorder->answer() : nullptr;
  const auto answer = came ? *came : run.head(stored);
  if (status.empty()) status = dialects::response_status(answer);
  stored.response_json = dialects::response_json(answer, status, error);
  if (auto ids = dialects::item_ids_of(stored.response_json)) stored.item_ids = std::move(*ids);
  // What was read stays labelled, however it ended.
  auto label = rooms_.labels.find_or_highest(stored.label);
  if (run.exchange && run.exchange->first_token_us > 0) {
    label = run.exchange->label;
    if (!run.begun.label.empty()) label = policy::join(label, rooms_.labels.find_or_highest(run.begun.label));
  }
  stored.label = rooms_.labels.id(label);
  if (run.begun.is_in_conversation && (status == "completed" || status == "incomplete")) {
    auto said = said_in(stored);
    if (!said) co_return pass(said);
    stored.said = std::move(*said);
  }
  std::vector<StreamFrame> frames;
  const bool told_its_end = came && !run.recorder->last().empty();
  if (told_its_end) frames = std::move(run.recorder->last());
  if (!told_its_end && run.streams) {
    const auto number = run.recorder ? run.recorder->next() : run.first_number;
    const auto shown = run.begun.wants_sealed ? stored.response_json
                                              : dialects::without_sealed_reasoning(stored.response_json);
    frames.push_back({number, dialects::response_frame("response." + std::string(status), number, shown)});
  }
  auto kept =
      co_await run_on(rooms_.pool, [this, &stored, &frames] { return rooms_.store.finish(stored, frames); });
  // Deleted while it ran.
  if (!kept && kept.error().code == Code::not_found) co_return Result<void>{};
  live->bell.ring();
  co_return kept;
}

Task<Result<std::string>> Background::cancel(std::string person, std::string id) {
  auto stored = co_await run_on(rooms_.pool, [this, &person, &id] { return rooms_.store.find(id, person); });
  if (!stored) co_return pass(stored);
  if (!stored->in_background)
    co_return fail(Code::invalid, "Only a response that runs in the background can be cancelled.",
                   "not_in_background", "End the connection to stop an answer that you wait for.");
  if (const auto live = queue_.find(id); live && stored->state != State::ended) {
    live->cancelled = true;
    live->stop.request_stop();
    queue_.start_now(live);
    const auto deadline = Deadline::in(cancel_patience);
    while (!live->ended && !deadline.passed()) {
      const auto seen = live->bell.count();
      if (!live->ended) (void)co_await live->bell.wait(seen, deadline);
    }
  }
  auto now = co_await rooms_.responses.find(std::move(person), std::move(id), Responses::Sealed::hidden);
  co_return now;
}

Task<Result<Background::Batch>> Background::follow(std::string person, std::string id, std::int64_t after,
                                                   Deadline deadline) {
  const auto live = queue_.find(id);
  const auto read = [&] { return rooms_.store.frames(id, person, after, frames_a_batch); };
  Batch out;
  for (bool waited = false;; waited = true) {
    const auto seen = live ? live->bell.count() : 0;
    const bool over = !live || live->ended;
    auto frames = co_await run_on(rooms_.pool, read);
    if (!frames) co_return pass(frames);
    out.frames = std::move(*frames);
    out.ended = over && out.frames.empty();
    if (over || waited || !out.frames.empty()) break;
    (void)co_await live->bell.wait(seen, deadline);
  }
  if (!out.ended) co_return out;
  auto next = co_await run_on(rooms_.pool, [&] { return rooms_.store.next_number(id, person); });
  if (!next) co_return pass(next);
  if (*next == 0)
    co_return fail(Code::invalid, "No events are kept of this response.", "not_streamed",
                   "Ask with background and stream to follow it, or poll it without stream.");
  co_return out;
}

void Background::drop(std::string_view person, std::string_view id) {
  const auto live = queue_.find(id);
  if (!live || live->person != person) return;
  live->dropped = true;
  live->stop.request_stop();
}

void Background::drop_all(std::string_view person) {
  for (const auto& live : queue_.of(person)) {
    live->dropped = true;
    live->stop.request_stop();
  }
}

Result<std::size_t> Background::recover() {
  auto waiting = rooms_.store.waiting();
  if (!waiting) return pass(waiting);
  std::vector<std::shared_ptr<Live>> all;
  for (auto& [id, person] : *waiting) all.push_back(Live::of(std::move(id), std::move(person)));
  if (!waiting->empty()) log::info("responses_resumed", {{"count", waiting->size()}});
  queue_.resume(std::move(all));
  return waiting->size();
}

std::size_t Background::running() const { return queue_.counts().running; }

void Background::drain(Millis patience) {
  const auto deadline = Deadline::in(patience);
  for (const auto& live : queue_.close()) {
    if (!live->cancelled) live->interrupted = true;
    live->stop.request_stop();
  }
  while (running() > 0 && !deadline.passed()) std::this_thread::sleep_for(Millis(5));
}

}  // namespace bastide::responses
