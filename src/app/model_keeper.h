// Models of this machine that are to stay loaded: looked after beside calls.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "models/house.h"

namespace bastide::app {

/// A thread that looks at once and every few seconds. `models` outlives it.
class ModelKeeper {
 public:
  explicit ModelKeeper(models::House& models);
  ~ModelKeeper();
  ModelKeeper(const ModelKeeper&) = delete;
  ModelKeeper& operator=(const ModelKeeper&) = delete;

 private:
  void work();

  models::House& models_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::app
