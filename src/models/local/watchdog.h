// Watchdog: sees when one piece of work takes far too long.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/time.h"

namespace bastide::models::local {

/// Begun and ended by one thread; looked at by one of its own, a few times within the patience.
class Watchdog {
 public:
  /// `on_stuck` is called once for each piece of work that takes longer, while it still runs.
  Watchdog(Millis patience, std::function<void()> on_stuck);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// A piece of work begins; the one before, if any, has ended.
  void begin() { began_.store(Steady::now().time_since_epoch().count(), std::memory_order_relaxed); }
  void end() { began_.store(0, std::memory_order_relaxed); }

 private:
  void run();

  const Millis patience_;
  const std::function<void()> on_stuck_;
  std::atomic<Steady::rep> began_ = 0;  // since the clock's epoch; 0: nothing runs
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::models::local
