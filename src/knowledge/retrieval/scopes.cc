#include "knowledge/retrieval/scopes.h"

#include <limits>

namespace bastide::knowledge::retrieval {
namespace {
/// Everything that the answer depends on. The unit separator stands in no id.
std::string key_of(const Asker& asker, const std::optional<std::vector<std::string>>& collections) {
  std::string key = asker.organisation + '\x1f' + asker.person + '\x1f' + (asker.reads_all ? '1' : '0');
  for (const auto& reader : asker.readers) key += '\x1f' + reader;
  key += collections ? "\x1e" : "\x1d";
  if (collections)
    for (const auto& collection : *collections) key += '\x1f' + collection;
  return key;
}

std::shared_ptr<const ScopeSet> set_of(const Scope& scope) {
  auto set = std::make_shared<ScopeSet>();
  set->epoch = scope.epoch;
  set->documents = scope.documents;
  for (const auto& range : scope.ranges) {
    if (range.first < 0 || range.first + range.count >= std::numeric_limits<index::Key>::max()) continue;
    set->readable.add_range(static_cast<index::Key>(range.first), static_cast<index::Key>(range.count));
    set->passages += range.count;
  }
  set->readable.optimise();
  return set;
}
}  // namespace

Result<std::shared_ptr<const ScopeSet>> Scopes::of(
    const Asker& asker, const std::optional<std::vector<std::string>>& collections) {
  auto key = key_of(asker, collections);
  auto epoch = store_.epoch(asker.organisation);
  if (!epoch) return pass(epoch);
  {
    std::lock_guard lock(mutex_);
    if (auto found = by_key_.find(key); found != by_key_.end() && found->second->set->epoch == *epoch) {
      kept_.splice(kept_.begin(), kept_, found->second);
      return found->second->set;
    }
  }
  auto scope = store_.scope(asker, collections);
  if (!scope) return pass(scope);
  auto set = set_of(*scope);
  std::lock_guard lock(mutex_);
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    kept_.erase(found->second);
    by_key_.erase(found);
  }
  kept_.push_front({key, set});
  by_key_[std::move(key)] = kept_.begin();
  while (kept_.size() > kept_max_) {
    by_key_.erase(kept_.back().key);
    kept_.pop_back();
  }
  return set;
}

}  // namespace bastide::knowledge::retrieval
