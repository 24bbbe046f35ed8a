#include "app/sweeper.h"

#include "base/log.h"

namespace bastide::app {
namespace {
constexpr auto pause = std::chrono::hours(1);
}

Sweeper::Sweeper(std::vector<Sweep> sweeps) : sweeps_(std::move(sweeps)), thread_([this] { work(); }) {}

Sweeper::~Sweeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Sweeper::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Sweeper::work() {
  while (!stopping()) {
    for (const auto& sweep : sweeps_) run(sweep);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

void Sweeper::run(const Sweep& sweep) {
  std::size_t all = 0;
  while (!stopping()) {
    const auto gone = sweep.batch(now_ms());
    if (!gone) {
      log::warn("sweep_failed", {{"what", sweep.what}, {"code", code_name(gone.error().code)}});
      return;
    }
    if (*gone == 0) break;
    all += *gone;
  }
  if (all > 0) log::info("swept", {{"what", sweep.what}, {"count", all}});
}

}  // namespace bastide::app
