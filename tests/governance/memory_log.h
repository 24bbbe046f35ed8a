// A log in memory: how LogStore behaves, in few lines.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "governance/log_store.h"

namespace bastide::governance {

class MemoryLog final : public LogStore {
 public:
  Result<Hash> at(int level, std::int64_t position) override {
    const std::lock_guard lock(mutex_);
    return Nodes(*this).at(level, position);
  }
  Result<std::int64_t> append(const EntryBody& body, const Payload& payload,
                              const SignCheckpoint& sign) override {
    const std::lock_guard lock(mutex_);
    if (body.kind == "exchange")
      for (const auto& found : entries)
        if (found.entry.body.kind == body.kind && found.entry.body.subject == body.subject)
          return fail(Code::conflict, "This exchange has its receipt already.", "receipt_exists");
    const auto position = static_cast<std::int64_t>(entries.size());
    const auto leaf = leaf_hash(canonical(body));
    Nodes source(*this);
    auto completed = nodes_completed_by(source, position, leaf);
    if (!completed) return pass(completed);
    entries.push_back({{position, leaf, body}, payload});
    for (const auto& node : *completed) nodes[{node.level, node.position}] = node.hash;
    if ((position + 1) % checkpoint_every == 0) {
      const auto made = sign(position + 1, *root_of(source, position + 1));
      notes[made.size] = made;
    }
    return position;
  }
  Result<std::int64_t> size() override {
    const std::lock_guard lock(mutex_);
    return static_cast<std::int64_t>(entries.size());
  }
  Result<LogPage> page(std::int64_t from, std::int64_t count) override {
    const std::lock_guard lock(mutex_);
    LogPage page;
    const auto end = std::min(from + count, static_cast<std::int64_t>(entries.size()));
    for (auto i = from; i < end; ++i) page.entries.push_back(entries[static_cast<std::size_t>(i)]);
    for (const auto& [place, hash] : nodes) {
      const auto completed_by = (place.second + 1) << place.first;
      if (completed_by > from && completed_by <= end) page.nodes.push_back({place.first, place.second, hash});
    }
    return page;
  }
  Result<Found> find(std::string_view kind, std::string_view subject) override {
    const std::lock_guard lock(mutex_);
    for (auto it = entries.rbegin(); it != entries.rend(); ++it)
      if (it->entry.body.kind == kind && it->entry.body.subject == subject) return *it;
    return fail(Code::not_found, "There is no such entry in the audit log.", "unknown_entry");
  }
  Result<std::vector<Checkpoint>> checkpoints(std::int64_t after, std::int64_t count) override {
    const std::lock_guard lock(mutex_);
    std::vector<Checkpoint> out;
    for (auto it = notes.upper_bound(after);
         it != notes.end() && static_cast<std::int64_t>(out.size()) < count; ++it)
      out.push_back(it->second);
    return out;
  }
  Result<std::optional<Checkpoint>> latest_checkpoint() override {
    const std::lock_guard lock(mutex_);
    if (notes.empty()) return std::optional<Checkpoint>();
    return std::optional(notes.rbegin()->second);
  }
  Result<void> add_checkpoint(const Checkpoint& checkpoint) override {
    const std::lock_guard lock(mutex_);
    notes.emplace(checkpoint.size, checkpoint);
    return {};
  }
  Result<std::int64_t> forget(std::string_view owner) override {
    const std::lock_guard lock(mutex_);
    std::int64_t count = 0;
    for (auto& found : entries)
      if (found.payload && found.payload->owner == owner) {
        found.payload.reset();
        ++count;
      }
    return count;
  }

  std::vector<Found> entries;
  std::map<std::pair<int, std::int64_t>, Hash> nodes;
  std::map<std::int64_t, Checkpoint> notes;

 private:
  class Nodes final : public NodeSource {
   public:
    explicit Nodes(MemoryLog& log) : log_(log) {}
    Result<Hash> at(int level, std::int64_t position) override {
      if (level == 0 && position < static_cast<std::int64_t>(log_.entries.size()))
        return log_.entries[static_cast<std::size_t>(position)].entry.leaf;
      const auto found = log_.nodes.find({level, position});
      if (found == log_.nodes.end()) return fail(Code::corrupt, "no node");
      return found->second;
    }

   private:
    MemoryLog& log_;
  };
  std::mutex mutex_;
};

}  // namespace bastide::governance
