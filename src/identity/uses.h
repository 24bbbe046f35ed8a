// Times of last use, gathered to be written many at once.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "identity/ports.h"

namespace bastide::identity {

/// Keeps the newest time of each id; at most `ids_max`, beyond which new ids wait for the next round.
/// Thread-safe.
class Uses {
 public:
  void note(const std::string& id, UnixMillis at) {
    std::lock_guard lock(mutex_);
    if (uses_.size() < ids_max || uses_.contains(id)) uses_[id] = at;
  }
  [[nodiscard]] std::vector<Use> take() {
    std::unordered_map<std::string, UnixMillis> taken;
    {
      std::lock_guard lock(mutex_);
      taken.swap(uses_);
    }
    std::vector<Use> out;
    out.reserve(taken.size());
    for (auto& [id, at] : taken) out.push_back({id, at});
    return out;
  }

 private:
  static constexpr std::size_t ids_max = 100'000;
  std::mutex mutex_;
  std::unordered_map<std::string, UnixMillis> uses_;
};

}  // namespace bastide::identity
