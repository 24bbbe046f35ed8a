// batches::BatchStore in memory.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "batches/batch_store.h"

namespace bastide::batches::testing {

class FakeStore final : public BatchStore {
 public:
  Result<void> add(const Batch& batch) override {
    const std::lock_guard lock(mutex);
    batches[batch.id] = batch;
    return {};
  }
  Result<Batch> find(std::string_view id, std::string_view person) override {
    const std::lock_guard lock(mutex);
    const auto found = batches.find(std::string(id));
    if (found == batches.end() || found->second.person != person)
      return fail(Code::not_found, "There is no such batch.", "no_batch");
    return found->second;
  }
  Result<std::vector<Batch>> list(std::string_view person, const BatchQuery&) override {
    const std::lock_guard lock(mutex);
    std::vector<Batch> out;
    for (const auto& [id, batch] : batches)
      if (batch.person == person) out.push_back(batch);
    return out;
  }
  Result<std::int64_t> count(std::string_view, std::string_view) override {
    return static_cast<std::int64_t>(batches.size());
  }
  Result<std::vector<std::pair<std::string, std::string>>> unfinished() override {
    const std::lock_guard lock(mutex);
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [id, batch] : batches)
      if (!has_ended(batch.state)) out.emplace_back(id, batch.person);
    return out;
  }
  Result<void> set_cancelling(std::string_view id, std::string_view, UnixMillis at) override {
    const std::lock_guard lock(mutex);
    batches.at(std::string(id)).cancelling_at = at;
    return {};
  }
  Result<void> update(const Batch& batch) override {
    const std::lock_guard lock(mutex);
    const auto found = batches.find(batch.id);
    if (found == batches.end()) return fail(Code::not_found, "There is no such batch.", "no_batch");
    auto& row = found->second;
    const auto before = row;
    row = batch;
    row.cancelling_at = before.cancelling_at;
    row.completed = before.completed;
    row.failed = before.failed;
    return {};
  }
  Result<void> begin(const Batch& batch, std::span<const Line> added) override {
    if (auto done = update(batch); !done) return done;
    const std::lock_guard lock(mutex);
    for (const auto& line : added) lines[batch.id][line.number] = {line, {}, false};
    return {};
  }
  Result<void> finish(const Batch& batch) override {
    if (auto done = update(batch); !done) return done;
    const std::lock_guard lock(mutex);
    lines.erase(batch.id);
    return {};
  }
  Result<std::vector<Line>> waiting(std::string_view id, std::int64_t after, std::size_t limit) override {
    const std::lock_guard lock(mutex);
    std::vector<Line> out;
    for (const auto& [number, row] : lines[std::string(id)])
      if (number > after && !row.is_answered && out.size() < limit) out.push_back(row.line);
    return out;
  }
  Result<void> answer(std::string_view id, std::string_view, const Answer& answer) override {
    const std::lock_guard lock(mutex);
    if (full) return fail(Code::storage_full, "Full.");
    auto& row = lines[std::string(id)].at(answer.number);
    if (row.is_answered) return {};
    row.is_answered = true;
    row.answer = answer;
    auto& batch = batches.at(std::string(id));
    ++(answer.verdict == Verdict::answered ? batch.completed : batch.failed);
    return {};
  }
  Result<std::vector<Answer>> answers(std::string_view id, std::string_view, std::int64_t after,
                                      std::size_t) override {
    const std::lock_guard lock(mutex);
    std::vector<Answer> out;
    for (const auto& [number, row] : lines[std::string(id)])
      if (number > after && row.is_answered && out.size() < 3) out.push_back(row.answer);
    return out;
  }
  Result<void> remove(std::string_view id, std::string_view) override {
    const std::lock_guard lock(mutex);
    batches.erase(std::string(id));
    return {};
  }
  Result<std::int64_t> remove_all(std::string_view person) override {
    const std::lock_guard lock(mutex);
    return static_cast<std::int64_t>(
        std::erase_if(batches, [&](const auto& entry) { return entry.second.person == person; }));
  }
  Result<std::size_t> sweep(UnixMillis, std::size_t) override { return std::size_t{0}; }

  struct Row {
    Line line;
    Answer answer;
    bool is_answered = false;
  };
  std::mutex mutex;
  std::map<std::string, Batch> batches;
  std::map<std::string, std::map<std::int64_t, Row>> lines;
  bool full = false;
};

}  // namespace bastide::batches::testing
