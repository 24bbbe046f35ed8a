// Bell: how one thread tells coroutines on others that something changed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/task.h"

namespace bastide {

/// The pattern, free of lost wake-ups:
///   auto seen = bell.count();            // before looking
///   if (nothing there) co_await bell.wait(seen, deadline);
/// Thread-safe. Must outlive its waiters.
class Bell {
 public:
  /// Wakes everyone who waits now.
  void ring();
  /// How often it rang.
  [[nodiscard]] std::uint64_t count() const;
  /// Returns once it rang after `seen` (at once when it already did): true; or when `deadline` passed: false.
  [[nodiscard]] Task<bool> wait(std::uint64_t seen, Deadline deadline = {});

 private:
  struct Waiter;
  struct Awaiter;
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace bastide
