// ThreadGovernor: how many threads a worker computes with. llama.cpp's threads wait for each other by
// spinning, so that one thread more than there are free cores makes everything many times slower.
#pragma once

#include "base/time.h"

namespace bastide::models::local {

/// Pure. One thread at a time.
class ThreadGovernor {
 public:
  explicit ThreadGovernor(int threads_max) : threads_max_(threads_max), threads_(threads_max) {}
  [[nodiscard]] int threads() const { return threads_; }
  /// After a computation that took `wall_s` and in which the process got `cpu_s` of the processors: threads
  /// that spin and get less than their share compete with somebody. Returns whether `threads` changed.
  bool note(Steady::time_point now, double wall_s, double cpu_s);

 private:
  int threads_max_;
  int threads_;
  double wall_s_ = 0;
  double cpu_s_ = 0;
  Steady::time_point try_more_at_{};
};

}  // namespace bastide::models::local
