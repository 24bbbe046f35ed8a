#include "knowledge/retrieval/live_index.h"

#include <limits>

#include "base/log.h"

namespace bastide::knowledge::retrieval {
namespace {
constexpr std::size_t blocks_at_once = 64;
constexpr std::int64_t removed_min = 10'000;

bool fits(const Block& block) {
  return block.first_key >= 0 && block.count >= 0 &&
         block.first_key + block.count < static_cast<std::int64_t>(std::numeric_limits<index::Key>::max());
}

/// A damaged block hides its document from search; it must not hide the others.
void tell_damaged(const Block& block) {
  log::error("index_block_unusable", {{"sequence", block.sequence}, {"passages", block.count}});
}
}  // namespace

Result<std::shared_ptr<const LiveIndex::Indexes>> LiveIndex::at(const std::string& organisation,
                                                                std::int64_t epoch) {
  std::lock_guard lock(mutex_);
  used_at_ = Steady::now();
  auto indexes = indexes_ ? indexes_ : std::make_shared<Indexes>();
  auto known = indexes->epochs.find(organisation);
  if (known == indexes->epochs.end() || known->second < epoch) {
    auto done = catch_up(*indexes);
    if (!done) return pass(done);
    indexes->epochs[organisation] = epoch;
  }
  indexes_ = indexes;
  return std::shared_ptr<const Indexes>(indexes);
}

Result<void> LiveIndex::catch_up(Indexes& indexes) {
  for (;;) {
    auto blocks = store_.lexical_blocks(indexes.passages_seen, blocks_at_once);
    if (!blocks) return pass(blocks);
    for (const auto& block : *blocks) {
      indexes.passages_seen = block.sequence;
      indexes.loaded += block.count;
      if (!fits(block) || !indexes.passages->add(static_cast<index::Key>(block.first_key),
                                                 static_cast<index::Key>(block.count), block.bytes))
        tell_damaged(block);
    }
    if (blocks->size() < blocks_at_once) break;
  }
  while (!model_.empty()) {
    auto blocks = store_.vector_blocks(model_, indexes.vectors_seen, blocks_at_once);
    if (!blocks) return pass(blocks);
    for (const auto& block : *blocks) {
      indexes.vectors_seen = block.sequence;
      if (!fits(block) || !indexes.vectors->add(static_cast<index::Key>(block.first_key),
                                                static_cast<index::Key>(block.count), block.bytes))
        tell_damaged(block);
    }
    if (blocks->size() < blocks_at_once) break;
  }
  return {};
}

void LiveIndex::removed(std::int64_t count) {
  std::lock_guard lock(mutex_);
  if (!indexes_) return;
  indexes_->removed += count;
  if (indexes_->removed > removed_min && indexes_->removed * 2 > indexes_->loaded) indexes_.reset();
}

void LiveIndex::drop_if_idle(Millis idle) {
  std::lock_guard lock(mutex_);
  if (indexes_ && Steady::now() - used_at_ > idle) indexes_.reset();
}

std::size_t LiveIndex::memory_bytes() const {
  std::lock_guard lock(mutex_);
  return indexes_ ? indexes_->passages->memory_bytes() + indexes_->vectors->memory_bytes() : 0;
}

}  // namespace bastide::knowledge::retrieval
