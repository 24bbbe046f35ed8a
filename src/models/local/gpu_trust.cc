#include "models/local/gpu_trust.h"

namespace bastide::models::local {

bool GpuTrust::note_failure(Steady::time_point now) {
  std::erase_if(failures_, [&](Steady::time_point at) { return now - at > bounds_.window; });
  failures_.push_back(now);
  if (failures_.size() < bounds_.failures_max) return false;
  failures_.clear();
  until_ = now + bounds_.rest;
  return true;
}

void GpuTrust::trust() {
  failures_.clear();
  until_.reset();
}

}  // namespace bastide::models::local
