// How often calls may be tried again, so that a provider in trouble does not get more of it.
#pragma once

#include <atomic>
#include <cstdint>

namespace bastide::gateway {

/// A fifth of a retry for each call, saved up for ten. Thread-safe and lock-free.
class RetryBudget {
 public:
  void add_call() {
    const auto saved = saved_.load(std::memory_order_relaxed);
    if (saved < saved_max) saved_.store(saved + 1, std::memory_order_relaxed);
  }
  /// False when there is nothing left.
  [[nodiscard]] bool take() {
    auto saved = saved_.load(std::memory_order_relaxed);
    while (saved >= calls_a_retry)
      if (saved_.compare_exchange_weak(saved, saved - calls_a_retry, std::memory_order_relaxed)) return true;
    return false;
  }

 private:
  static constexpr std::int64_t calls_a_retry = 5;
  static constexpr std::int64_t saved_max = 10 * calls_a_retry;
  std::atomic<std::int64_t> saved_{saved_max};
};

}  // namespace bastide::gateway
