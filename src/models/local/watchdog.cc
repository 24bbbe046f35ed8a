#include "models/local/watchdog.h"

#include <utility>

namespace bastide::models::local {

Watchdog::Watchdog(Millis patience, std::function<void()> on_stuck)
    : patience_(patience), on_stuck_(std::move(on_stuck)), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Watchdog::run() {
  Steady::rep told = 0;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, patience_ / 4, [&] { return stopping_; })) {
    const auto began = began_.load(std::memory_order_relaxed);
    if (began == 0 || began == told) continue;
    if (Steady::now() - Steady::time_point(Steady::duration(began)) < patience_) continue;
    told = began;
    on_stuck_();
  }
}

}  // namespace bastide::models::local
