// GpuTrust: whether GPUs may compute a model, after the worker on them ended again and again.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"

namespace bastide::models::local {

struct GpuTrustBounds {
  std::size_t failures_max = 3;  // so many
  Millis window{600'000};        // within this are no chance,
  Millis rest{3'600'000};        // and the processor computes for so long
};

/// One thread at a time.
class GpuTrust {
 public:
  explicit GpuTrust(GpuTrustBounds bounds = {}) : bounds_(bounds) {}

  /// A worker ended, or could not load, with a GPU at work. True: it was one too often, and they rest from
  /// here on.
  bool note_failure(Steady::time_point now);
  [[nodiscard]] bool are_resting(Steady::time_point now) const { return until_ && now < *until_; }
  /// They rested long enough; `trust` before they are used again.
  [[nodiscard]] bool are_rested(Steady::time_point now) const { return until_ && now >= *until_; }
  void trust();

 private:
  GpuTrustBounds bounds_;
  std::vector<Steady::time_point> failures_;  // of the last window
  std::optional<Steady::time_point> until_;
};

}  // namespace bastide::models::local
