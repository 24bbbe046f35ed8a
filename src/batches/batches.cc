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

Batches::Batches(Rooms rooms, BatchBounds bounds) : rooms_(std::move(rooms)), bounds_(bounds) {}
Batches::~Batches() { drain(ending_max); }

std::shared_ptr<Batches::Live> Batches::find_live(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<Batches::Live>> Batches::enter(const std::string& person, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto theirs = static_cast<std::size_t>(
      std::ranges::count_if(live_, [&](const auto& entry) { return entry.second->person == person; }));
  if (theirs >= bounds_.waiting_per_person_max || live_.size() >= bounds_.waiting_max)
    return fail(Code::rate_limited, "Too many batches run or wait.", "too_many_batches",
                "Wait until some have ended, or cancel some.");
  auto live = std::make_shared<Live>();
  live->id = id;
  live->person = person;
  live_.emplace(id, live);
  return live;
}

void Batches::leave(const std::shared_ptr<Live>& live) {
  {
    const std::lock_guard lock(mutex_);
    live_.erase(live->id);
    if (live->runs) --running_;
  }
  pump();
}

void Batches::pump() {
  std::vector<std::shared_ptr<Live>> begins;
  {
    const std::lock_guard lock(mutex_);
    const auto may_run = [this](const std::shared_ptr<Live>& one) {
      const auto theirs = std::ranges::count_if(live_, [&](const auto& entry) {
        return entry.second->runs && entry.second->person == one->person;
      });
      return static_cast<std::size_t>(theirs) < bounds_.running_per_person_max;
    };
    while (!draining_ && running_ < bounds_.running_max) {
      const auto next = std::ranges::find_if(queue_, may_run);
      if (next == queue_.end()) break;
      (*next)->runs = true;
      ++running_;
      begins.push_back(std::move(*next));
      queue_.erase(next);
    }
  }
  for (auto& live : begins) spawn_on(rooms_.loop, "batch", run(std::move(live)));
}

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
  auto live = enter(batch.person, batch.id);
  if (!live) co_return pass(live);
  auto kept = co_await run_on(rooms_.pool, [this, &batch] { return rooms_.store.add(batch); });
  if (!kept) {
    leave(*live);
    co_return pass(kept);
  }
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(*live);
  }
  pump();
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
  leave(live);
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
  if (const auto live = find_live(id)) {
    live->cancelled = true;
    live->end();
    bool begins = false;
    {
      // One that waits ends at once, whoever runs.
      const std::lock_guard lock(mutex_);
      begins = std::erase(queue_, live) > 0;
      live->runs = live->runs || begins;
      running_ += begins ? 1 : 0;
    }
    if (begins) spawn_on(rooms_.loop, "batch", run(live));
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
  std::vector<std::shared_ptr<Live>> theirs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, live] : live_)
      if (live->person == person) theirs.push_back(live);
  }
  for (const auto& live : theirs) {
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
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, person] : *unfinished) {
      auto live = std::make_shared<Live>();
      live->id = id;
      live->person = std::move(person);
      live_.emplace(id, live);
      queue_.push_back(std::move(live));
    }
  }
  if (!unfinished->empty()) log::info("batches_resumed", {{"count", unfinished->size()}});
  pump();
  return unfinished->size();
}

Batches::Counts Batches::counts() const {
  const std::lock_guard lock(mutex_);
  return {running_, live_.size() - running_};
}

void Batches::drain(Millis patience) {
  const auto deadline = Deadline::in(patience);
  std::vector<std::shared_ptr<Live>> all;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [id, live] : live_) all.push_back(live);
  }
  for (const auto& live : all) {
    live->interrupted = true;
    live->end();
  }
  while (counts().running > 0 && !deadline.passed()) std::this_thread::sleep_for(Millis(5));
}

}  // namespace bastide::batches
