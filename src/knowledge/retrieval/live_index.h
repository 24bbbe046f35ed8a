// The indexes in memory, kept up with the store, read when first needed and dropped when idle.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/time.h"
#include "knowledge/index/passage_index.h"
#include "knowledge/index/vector_index.h"
#include "knowledge/store.h"

namespace bastide::knowledge::retrieval {

/// Thread-safe.
class LiveIndex {
 public:
  struct Indexes {
    std::unique_ptr<index::PassageIndex> passages = index::make_memory_passage_index();
    std::unique_ptr<index::VectorIndex> vectors = index::make_memory_vector_index();
    std::int64_t passages_seen = 0, vectors_seen = 0;  // sequences
    std::map<std::string, std::int64_t> epochs;        // per organisation, up to which all is here
    std::int64_t loaded = 0, removed = 0;              // passages
  };

  /// `model`: whose vectors are read; empty for none.
  LiveIndex(LibraryStore& store, std::string model) : store_(store), model_(std::move(model)) {}

  /// With everything that the organisation's `epoch` stands for. Blocks while it reads.
  [[nodiscard]] Result<std::shared_ptr<const Indexes>> at(const std::string& organisation,
                                                          std::int64_t epoch);
  /// `count` passages were purged. When most of what is held is dead, all is dropped and read again when
  /// needed.
  void removed(std::int64_t count);
  void drop_if_idle(Millis idle);
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  Result<void> catch_up(Indexes& indexes);

  LibraryStore& store_;
  const std::string model_;
  mutable std::mutex mutex_;
  std::shared_ptr<Indexes> indexes_;
  Steady::time_point used_at_ = Steady::now();
};

}  // namespace bastide::knowledge::retrieval
