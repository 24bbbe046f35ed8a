// A token bucket: a minute's worth at once, then as much as flows in.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace bastide::policy {

/// Holds up to `per_minute`, refills evenly. A value; its owner locks.
class Bucket {
 public:
  Bucket(double per_minute, Steady::time_point now) : per_minute_(per_minute), level_(per_minute), at_(now) {}

  /// Seconds until `amount` may be taken; 0: now. What is more than a minute's worth may be taken from a full
  /// bucket.
  [[nodiscard]] double wait_s(double amount, Steady::time_point now) {
    refill(now);
    const double missing = std::min(amount, per_minute_) - level_;
    return missing <= tolerance ? 0 : missing / rate();
  }
  /// Takes `amount`; a negative one gives back. The level may fall below zero, which later calls wait off.
  void take(double amount, Steady::time_point now) {
    refill(now);
    level_ = std::min(per_minute_, level_ - amount);
  }
  [[nodiscard]] double level(Steady::time_point now) {
    refill(now);
    return level_;
  }
  [[nodiscard]] double full_in_s(Steady::time_point now) { return (per_minute_ - level(now)) / rate(); }
  [[nodiscard]] bool is_full(Steady::time_point now) {
    refill(now);
    return level_ >= per_minute_;
  }

 private:
  static constexpr double tolerance = 1e-6;  // of rounding
  [[nodiscard]] double rate() const { return per_minute_ / 60; }
  void refill(Steady::time_point now) {
    if (now <= at_) return;
    level_ = std::min(per_minute_, level_ + std::chrono::duration<double>(now - at_).count() * rate());
    at_ = now;
  }

  double per_minute_;
  double level_;
  Steady::time_point at_;
};

}  // namespace bastide::policy
