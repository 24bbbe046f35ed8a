// Whether a provider answers: a circuit breaker with one probe at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace bastide::gateway {

/// Closed: calls go. Open after `failures_max` failures in a row: none go until the pause is over, then one
/// at a time tries. Each failed trial doubles the pause. Thread-safe and lock-free; counts may be off by the
/// calls that run side by side, which only moves the moment it opens.
class Health {
 public:
  static constexpr int failures_max = 5;
  static constexpr Millis pause_first{1'000};
  static constexpr Millis pause_max{60'000};
  static constexpr Millis slow_start{30'000};

  /// Whether a call may go now; true makes the caller report how it went.
  [[nodiscard]] bool may_try(Steady::time_point now) {
    const auto until = open_until_.load(std::memory_order_relaxed);
    if (until == 0) return true;
    const auto at = now.time_since_epoch().count();
    if (at < until) return false;
    // The next trial is due a pause later, whatever becomes of this one.
    auto expected = until;
    return open_until_.compare_exchange_strong(expected, at + pause_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] bool may_try() { return !is_open() || may_try(Steady::now()); }
  /// Whether others should be asked before it: it failed more than one call in seven lately. Every sixteenth
  /// time the answer is no all the same, so that a recovery is noticed.
  [[nodiscard]] bool prefers_rest() {
    return fails_often() && asked_.fetch_add(1, std::memory_order_relaxed) % 16 != 15;
  }
  [[nodiscard]] bool fails_often() const { return share_.load(std::memory_order_relaxed) > share_high; }
  void succeeded() {
    weigh(0);
    if (failures_.load(std::memory_order_relaxed) == 0) return;
    failures_.store(0, std::memory_order_relaxed);
    if (open_until_.exchange(0, std::memory_order_relaxed) != 0)
      recovered_at_.store(Steady::now().time_since_epoch().count(), std::memory_order_relaxed);
    pause_.store(ticks(pause_first), std::memory_order_relaxed);
  }
  /// The provider did not answer, or said that it cannot (5xx, 429).
  void failed(Steady::time_point now) {
    weigh(1000);
    if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < failures_max) return;
    const bool was_open = open_until_.load(std::memory_order_relaxed) != 0;
    auto pause = pause_.load(std::memory_order_relaxed);
    if (was_open) pause = std::min(pause * 2, ticks(pause_max));
    pause_.store(pause, std::memory_order_relaxed);
    open_until_.store(now.time_since_epoch().count() + pause, std::memory_order_relaxed);
  }
  /// Whether call number `turn` may be its own: all of them, save in the half minute after it came back, when
  /// its share grows from nothing.
  [[nodiscard]] bool takes_share(Steady::time_point now, std::uint32_t turn) const {
    const auto recovered = recovered_at_.load(std::memory_order_relaxed);
    const auto since = now.time_since_epoch().count() - recovered;
    if (recovered == 0 || since >= ticks(slow_start)) return true;
    // Turns spread over the whole of the range: multiples of the golden ratio.
    return static_cast<std::int64_t>(turn * 2'654'435'769U >> 16) * ticks(slow_start) < since << 16;
  }
  [[nodiscard]] bool is_open() const { return open_until_.load(std::memory_order_relaxed) != 0; }

 private:
  static constexpr int share_high = 1000 / 7;
  // Moving average of failures, in thousandths, over some 16 calls.
  void weigh(int outcome) {
    const auto share = share_.load(std::memory_order_relaxed);
    if (share != outcome) share_.store(share + (outcome - share) / 16, std::memory_order_relaxed);
  }
  static constexpr std::int64_t ticks(Millis span) {
    return std::chrono::duration_cast<Steady::duration>(span).count();
  }
  std::atomic<int> failures_{0};
  std::atomic<int> share_{0};
  std::atomic<unsigned> asked_{0};
  std::atomic<std::int64_t> recovered_at_{0};  // ticks; 0: never was open
  std::atomic<std::int64_t> open_until_{0};    // ticks of the steady clock; 0: closed
  std::atomic<std::int64_t> pause_{ticks(pause_first)};
};

}  // namespace bastide::gateway
