// Removes what has outlived the time for which it is kept.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::app {

/// A thread that calls each sweep at its start and each hour. Destroying it waits for the batch that runs.
class Sweeper {
 public:
  struct Sweep {
    std::string what;  // for the log: a word
    /// Removes a batch; gives how many, 0 when nothing is left. Blocks.
    std::function<Result<std::size_t>(UnixMillis now)> batch;
  };
  explicit Sweeper(std::vector<Sweep> sweeps);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  void work();
  [[nodiscard]] bool stopping();
  void run(const Sweep& sweep);

  const std::vector<Sweep> sweeps_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::app
