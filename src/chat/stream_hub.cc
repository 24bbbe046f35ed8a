#include "chat/stream_hub.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"

namespace bastide::chat {
namespace {
constexpr std::size_t unstored_max = 256;  // events of one stream that may wait for the journal
constexpr std::size_t batch_events_max = 4096;
}  // namespace

StreamHub::StreamHub(ConversationStore& store, Metrics& metrics)
    : store_(store),
      events_total_(metrics.counter("bastide_stream_events_total", "Events of answers stored.")) {
  metrics.gauge("bastide_streams", "Answers that are running.",
                [this] { return static_cast<double>(live()); });
  journal_ = std::thread([this] { write_journal(); });
}

StreamHub::~StreamHub() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  journal_.join();
}

std::shared_ptr<StreamHub::Live> StreamHub::find(const std::string& stream) const {
  std::lock_guard lock(mutex_);
  auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second;
}

std::size_t StreamHub::live() const {
  std::lock_guard lock(mutex_);
  return streams_.size();
}

void StreamHub::open(const std::string& stream) {
  std::lock_guard lock(mutex_);
  streams_.emplace(stream, std::make_shared<Live>());
}

Task<Result<void>> StreamHub::append(std::string stream, std::string name, std::string data_json) {
  auto live = find(stream);
  if (!live) co_return fail(Code::internal, "The stream is not open.");
  while (true) {
    auto seen = live->bell.count();
    {
      std::lock_guard lock(mutex_);
      if (live->broken) co_return std::unexpected(*live->broken);
      if (live->unstored < unstored_max) {
        ++live->unstored;
        pending_.push_back({stream, live->next_seq++, std::move(name), std::move(data_json)});
        break;
      }
    }
    co_await live->bell.wait(seen);
  }
  wake_.notify_one();
  co_return Result<void>{};
}

Task<Result<std::uint64_t>> StreamHub::settle(std::string stream) {
  auto live = find(stream);
  if (!live) co_return fail(Code::internal, "The stream is not open.");
  while (true) {
    auto seen = live->bell.count();
    {
      std::lock_guard lock(mutex_);
      if (live->broken) co_return std::unexpected(*live->broken);
      if (live->unstored == 0) co_return live->next_seq;
    }
    co_await live->bell.wait(seen);
  }
}

void StreamHub::close(const StreamEvent& last) {
  std::shared_ptr<Live> live;
  {
    std::lock_guard lock(mutex_);
    auto found = streams_.find(last.stream);
    if (found == streams_.end()) return;
    live = found->second;
    live->events.push_back(last);
    live->ended = true;
    // Readers that are at work hold their own reference; those that come later read the store.
    streams_.erase(found);
  }
  live->bell.ring();
}

Task<StreamHub::Batch> StreamHub::next(std::string stream, std::uint64_t after, Deadline deadline) {
  Batch batch;
  auto live = find(stream);
  if (!live) {
    batch.live = false;
    co_return batch;
  }
  auto seen = live->bell.count();
  for (int turn = 0; turn < 2; ++turn) {
    {
      std::lock_guard lock(mutex_);
      for (auto event = live->events.rbegin(); event != live->events.rend() && event->seq > after; ++event)
        batch.events.push_back(*event);
      batch.ended = live->ended;
      if (live->broken) batch.live = false;
    }
    std::reverse(batch.events.begin(), batch.events.end());
    if (!batch.events.empty() || batch.ended || !batch.live || turn == 1) break;
    co_await live->bell.wait(seen, deadline);
  }
  co_return batch;
}

void StreamHub::nudge(const std::string& stream) {
  if (auto live = find(stream)) live->bell.ring();
}

void StreamHub::write_journal() {
  pthread_setname_np(pthread_self(), "journal");
  while (true) {
    std::vector<StreamEvent> batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
      if (pending_.empty()) return;
      if (pending_.size() <= batch_events_max) {
        batch.swap(pending_);
      } else {
        auto cut = pending_.begin() + batch_events_max;
        batch.assign(std::make_move_iterator(pending_.begin()), std::make_move_iterator(cut));
        pending_.erase(pending_.begin(), cut);
      }
    }
    auto stored = store_.append_events(batch);
    if (!stored)
      log::error("journal_failed", {{"code", code_name(stored.error().code)}, {"events", batch.size()}});
    publish(std::move(batch), stored);
  }
}

void StreamHub::publish(std::vector<StreamEvent> batch, const Result<void>& stored) {
  events_total_.add(batch.size());
  std::vector<std::shared_ptr<Live>> touched;
  {
    std::lock_guard lock(mutex_);
    for (auto& event : batch) {
      auto found = streams_.find(event.stream);
      if (found == streams_.end()) continue;
      auto& live = found->second;
      --live->unstored;
      if (stored)
        live->events.push_back(std::move(event));
      else
        live->broken = stored.error();
      if (touched.empty() || touched.back() != live) touched.push_back(live);
    }
  }
  for (auto& live : touched) live->bell.ring();
}

}  // namespace bastide::chat
