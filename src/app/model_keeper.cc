#include "app/model_keeper.h"

namespace bastide::app {
namespace {
constexpr Millis pause{5000};
}

ModelKeeper::ModelKeeper(models::House& models) : models_(models), thread_([this] { work(); }) {}

ModelKeeper::~ModelKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ModelKeeper::work() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    models_.load_kept();
    lock.lock();
  } while (!wake_.wait_for(lock, pause, [this] { return stopping_; }));
}

}  // namespace bastide::app
