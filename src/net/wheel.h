// The timer wheel of a loop: deadlines that move often and seldom pass.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bastide::net::detail {

class Wheel;

/// Fires once when its deadline has passed. Moving the deadline later costs one store, which is what a
/// connection does at every piece of data. Belongs to its loop's thread.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 protected:
  ~Timer() { unlink(); }
  virtual void on_timer() = 0;

 private:
  friend class Wheel;
  void unlink();

  Timer* next_ = nullptr;
  Timer* before_ = nullptr;
  Wheel* wheel_ = nullptr;  // where it is linked
  std::int64_t slot_tick_ = 0;
  std::int64_t due_tick_ = 0;
};

/// Ticks of 10 ms. A timer that is further away than the wheel reaches is looked at once a turn and moved on.
class Wheel {
 public:
  static constexpr Millis tick{10};
  static constexpr std::int64_t slots = 1024;

  explicit Wheel(Steady::time_point now) : current_(tick_of(now)) {}
  ~Wheel();

  /// Fires at `when` or up to two ticks later.
  void arm(Timer& timer, Steady::time_point when);
  static void disarm(Timer& timer);
  /// Fires what is due. A timer's work may arm, disarm and destroy any timer.
  void advance(Steady::time_point now);
  /// When `advance` is next worth calling.
  [[nodiscard]] std::optional<Steady::time_point> next() const;

 private:
  friend class Timer;
  static std::int64_t tick_of(Steady::time_point when) {
    return std::chrono::floor<Millis>(when.time_since_epoch()).count() / tick.count();
  }
  void link(Timer& timer);
  [[nodiscard]] static std::size_t index(std::int64_t tick_number) {
    return static_cast<std::size_t>(tick_number % slots);
  }

  std::array<Timer*, slots> heads_{};
  std::array<std::uint64_t, slots / 64> used_{};  // one bit a slot that may hold a timer
  std::int64_t current_;                          // every slot up to this tick has been visited
  std::size_t count_ = 0;
};

}  // namespace bastide::net::detail
