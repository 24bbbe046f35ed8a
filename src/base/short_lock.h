// A lock for a few dozen instructions that several event loops share.
#pragma once

#include <atomic>
#include <cstdint>

namespace bastide {

/// Two atomic operations when nobody else is there; else it spins a moment, then sleeps, so a holder that
/// lost its processor costs no processor to those who wait. Works with std::lock_guard. Not recursive.
class ShortLock {
 public:
  void lock() {
    std::uint32_t free = 0;
    if (state_.compare_exchange_strong(free, held, std::memory_order_acquire)) return;
    lock_contended();
  }
  void unlock() {
    if (state_.exchange(0, std::memory_order_release) == held_and_awaited) state_.notify_one();
  }

 private:
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t held_and_awaited = 2;
  static constexpr int spins_max = 100;

  void lock_contended() {
    for (int i = 0; i < spins_max; ++i) {
      std::uint32_t free = 0;
      if (state_.load(std::memory_order_relaxed) == 0 &&
          state_.compare_exchange_weak(free, held, std::memory_order_acquire))
        return;
      __builtin_ia32_pause();
    }
    while (state_.exchange(held_and_awaited, std::memory_order_acquire) != 0)
      state_.wait(held_and_awaited, std::memory_order_relaxed);
  }

  std::atomic<std::uint32_t> state_{0};
};

}  // namespace bastide
