#include "identity/principal_cache.h"

namespace bastide::identity {

std::optional<PrincipalCache::Entry> PrincipalCache::find(std::string_view hash, UnixMillis now) {
  std::lock_guard lock(mutex_);
  auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return std::nullopt;
  held_.splice(held_.begin(), held_, found->second);
  auto out = held_.front().entry;
  held_.front().entry.used_at = now;
  return out;
}

std::uint64_t PrincipalCache::epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

void PrincipalCache::put(std::string_view hash, Entry entry, std::uint64_t epoch_before) {
  std::lock_guard lock(mutex_);
  if (epoch_ != epoch_before || by_hash_.contains(hash)) return;
  if (held_.size() >= entries_max_) {
    by_hash_.erase(held_.back().hash);
    held_.pop_back();
  }
  held_.push_front({std::string(hash), std::move(entry)});
  by_hash_.emplace(held_.front().hash, held_.begin());
}

void PrincipalCache::drop(std::string_view hash) {
  std::lock_guard lock(mutex_);
  ++epoch_;  // somebody may be about to put what was just ended
  auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return;
  auto held = found->second;
  by_hash_.erase(found);
  held_.erase(held);
}

void PrincipalCache::clear() {
  std::lock_guard lock(mutex_);
  ++epoch_;
  by_hash_.clear();
  held_.clear();
}

}  // namespace bastide::identity
