// How often more may be asked of others than was asked of us, so that who is in trouble does not get more of
// it.
#pragma once

#include <atomic>
#include <cstdint>

namespace bastide {

/// One extra call for every so many calls, saved up for ten. Thread-safe and lock-free.
class ExtraCalls {
 public:
  explicit ExtraCalls(std::int64_t calls_an_extra) : calls_an_extra_(calls_an_extra) {}

  void add_call() {
    const auto saved = saved_.load(std::memory_order_relaxed);
    if (saved < saved_max_) saved_.store(saved + 1, std::memory_order_relaxed);
  }
  /// False when there is nothing left.
  [[nodiscard]] bool take() {
    auto saved = saved_.load(std::memory_order_relaxed);
    while (saved >= calls_an_extra_)
      if (saved_.compare_exchange_weak(saved, saved - calls_an_extra_, std::memory_order_relaxed))
        return true;
    return false;
  }

 private:
  const std::int64_t calls_an_extra_;
  const std::int64_t saved_max_ = 10 * calls_an_extra_;
  std::atomic<std::int64_t> saved_{saved_max_};
};

}  // namespace bastide
