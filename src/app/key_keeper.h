// What providers' keys need done beside calls: their files followed, an administrator told.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/key_ring.h"
#include "governance/audit.h"

namespace bastide::app {

/// A thread that looks each second. References must outlive it.
class KeyKeeper {
 public:
  KeyKeeper(KeyRings& rings, governance::Audit& audit);
  ~KeyKeeper();
  KeyKeeper(const KeyKeeper&) = delete;
  KeyKeeper& operator=(const KeyKeeper&) = delete;

  /// Without waiting for the next second. Blocks; thread-safe.
  void look_now();

 private:
  void work();

  KeyRings& rings_;
  governance::Audit& audit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::app
