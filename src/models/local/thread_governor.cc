#include "models/local/thread_governor.h"

#include <algorithm>

namespace bastide::models::local {
namespace {

constexpr double look_every_s = 0.25;  // of computing
constexpr double share_starved = 0.8;
constexpr double share_free = 0.95;
constexpr Millis try_more_after{10'000};

}  // namespace

bool ThreadGovernor::note(Steady::time_point now, double wall_s, double cpu_s) {
  wall_s_ += wall_s;
  cpu_s_ += cpu_s;
  if (wall_s_ < look_every_s) return false;
  const double share = cpu_s_ / (wall_s_ * threads_);
  wall_s_ = cpu_s_ = 0;
  const int before = threads_;
  if (share < share_starved && threads_ > 1) {
    threads_ /= 2;
    try_more_at_ = now + try_more_after;
  } else if (share > share_free && now >= try_more_at_) {
    threads_ = std::min(threads_max_, threads_ * 2);
  }
  return threads_ != before;
}

}  // namespace bastide::models::local
