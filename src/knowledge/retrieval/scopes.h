// What each asker may read, as bitmaps, remembered while nothing changes.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "knowledge/index/bitmap.h"
#include "knowledge/store.h"

namespace bastide::knowledge::retrieval {

struct ScopeSet {
  std::int64_t epoch = 0;
  index::Bitmap readable;
  std::int64_t passages = 0;
  std::int64_t documents = 0;
};

/// Thread-safe. Every use compares the organisation's epoch in the store, so that a revocation counts at
/// once, whichever process made it.
class Scopes {
 public:
  explicit Scopes(LibraryStore& store, std::size_t kept_max = 256) : store_(store), kept_max_(kept_max) {}
  /// Code::not_found when one of `collections` may not be read.
  [[nodiscard]] Result<std::shared_ptr<const ScopeSet>> of(
      const Asker& asker, const std::optional<std::vector<std::string>>& collections);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const ScopeSet> set;
  };
  LibraryStore& store_;
  const std::size_t kept_max_;
  std::mutex mutex_;
  std::list<Entry> kept_;  // used last first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace bastide::knowledge::retrieval
