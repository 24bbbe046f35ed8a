#include "batches/batches.h"

#include <algorithm>
#include <thread>

#include "base/id.h"
#include "base/log.h"
#include "batches/run.h"

namespace bastide::batches {
namespace {

constexpr std::size_t batches_a_sweep = 200;
constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
constexpr Millis rest_after_failure{30'000};
constexpr Millis ending_max{10'000};

}  // namespace

Batches::Batches(Rooms rooms, BatchBounds bounds)
    : rooms_(std::move(rooms)), bounds_(bounds), queue_(bounds.runs, [this](std::shared_ptr<Live> live) {
        spawn_on(rooms_.loop, "batch", run(std::move(live)));
      }) {}
Batches::~Batches() { drain(ending_max); }

Task<Result<Batch>> Batches::accept(identity::Principal who, std::string language, Wish wish) {
  auto input = co_await run_on(
      rooms_.pool, [this, &who, &wish] { return rooms_.files.find(wish.input_file, who.person); });
  if (!input) co_return pass(input);
  if (input->purpose != "batch")
    co_return fail(Code::invalid, "The file was not sent with the purpose batch.", "invalid_input_file_id",
                   "Send it again with that purpose.");
  Batch batch;
  batch.id = new_id(wish.door == "anthropic" ? "msgbatch" : "batch");
  batch.person = who.person;
  batch.door = std::move(wish.door);
  batch.created_at = now_ms();
  batch.expires_at = batch.created_at + wish.window.value_or(bounds_.window).count();
  batch.model = std::move(wish.model);
  batch.endpoint = std::move(wish.endpoint);
  batch.input_file = std::move(wish.input_file);
  batch.output_kept_s = wish.output_kept_s;
  batch.total = wish.total;
  batch.metadata = std::move(wish.metadata);
  batch.key = std::move(who.key);
  batch.email = std::move(who.email);
  batch.language = std::move(language);
  const auto live = Live::of(batch.id, batch.person);
  if (!queue_.enter(live))
    co_return fail(Code::rate_limited, "Too many batches run or wait.", "too_many_batches",
                   "Wait until some have ended, or cancel some.");
  auto kept = co_await run_on(rooms_.pool, [this, &batch] { return rooms_.store.add(batch); });
  if (!kept) {
    queue_.leave(live);
    co_return pass(kept);
  }
  queue_.queue(live);
  co_return batch;
}

Task<void> Batches::run(std::shared_ptr<Live> live) {
  for (;;) {
    auto done = co_await work(live);
    if (done || live->leaves_no_word() || done.error().code == Code::not_found) break;
    log::error("batch_held_up", {{"code", code_name(done.error().code)}, {"detail", done.error().detail}});
    const auto rested = Deadline::in(rest_after_failure);
    while (!rested.passed() && !live->leaves_no_word()) {
      const auto seen = live->bell.count();
      if (!live->leaves_no_word()) (void)co_await live->bell.wait(seen, rested);
    }
    if (live->leaves_no_word()) break;
  }
  queue_.leave(live);
}

Task<Result<Batch>> Batches::find(std::string person, std::string id) {
  auto found = co_await run_on(rooms_.pool, [this, &person, &id] { return rooms_.store.find(id, person); });
  co_return found;
}

Task<Result<std::vector<Batch>>> Batches::list(std::string person, BatchQuery query) {
  auto found =
      co_await run_on(rooms_.pool, [this, &person, &query] { return rooms_.store.list(person, query); });
  co_return found;
}

Task<Result<std::int64_t>> Batches::count(std::string person, std::string door) {
  auto counted =
      co_await run_on(rooms_.pool, [this, &person, &door] { return rooms_.store.count(person, door); });
  co_return counted;
}

Task<Result<Batch>> Batches::cancel(std::string person, std::string id) {
  auto batch = co_await find(person, id);
  if (!batch || batch->state == State::cancelled) co_return batch;
  if (has_ended(batch->state)) co_return fail(Code::conflict, "The batch has ended already.", "batch_ended");
  auto noted = co_await run_on(
      rooms_.pool, [this, &person, &id] { return rooms_.store.set_cancelling(id, person, now_ms()); });
  if (!noted) co_return pass(noted);
  if (const auto live = queue_.find(id)) {
    live->cancelled = true;
    live->end();
    queue_.start_now(live);
  }
  batch = co_await find(std::move(person), std::move(id));
  co_return batch;
}

Task<Result<void>> Batches::remove(std::string person, std::string id) {
  auto batch = co_await find(person, id);
  if (!batch) co_return pass(batch);
  if (!has_ended(batch->state))
    co_return fail(Code::conflict, "The batch has not ended.", "batch_running", "Cancel it first.");
  auto removed =
      co_await run_on(rooms_.pool, [this, &person, &id] { return rooms_.store.remove(id, person); });
  co_return removed;
}

Result<std::int64_t> Batches::remove_all(std::string_view person) {
  for (const auto& live : queue_.of(person)) {
    live->dropped = true;
    live->end();
  }
  return rooms_.store.remove_all(person);
}

Result<std::size_t> Batches::sweep(UnixMillis now) {
  return rooms_.store.sweep(now - bounds_.kept_days * day_ms, batches_a_sweep);
}

Result<std::size_t> Batches::recover() {
  auto unfinished = rooms_.store.unfinished();
  if (!unfinished) return pass(unfinished);
  std::vector<std::shared_ptr<Live>> all;
  for (auto& [id, person] : *unfinished) all.push_back(Live::of(std::move(id), std::move(person)));
  if (!unfinished->empty()) log::info("batches_resumed", {{"count", unfinished->size()}});
  queue_.resume(std::move(all));
  return unfinished->size();
}

void Batches::drain(Millis patience) {
  const auto deadline = Deadline::in(patience);
  for (const auto& live : queue_.close()) {
    live->interrupted = true;
    live->end();
  }
  while (counts().running > 0 && !deadline.passed()) std::this_thread::sleep_for(Millis(5));
}

}  // namespace bastide::batches
