// A PseudonymStore in memory, for tests of the room.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "guard/pseudonym_store.h"

namespace bastide::guard::testing {

class MemoryStore final : public PseudonymStore {
 public:
  Result<Stored> load(std::string_view conversation) override {
    std::lock_guard lock(mutex_);
    if (broken) return fail(Code::unavailable, "The database is away.");
    auto found = rows_.find(conversation);
    return found == rows_.end() ? Stored{} : found->second.stored;
  }
  Result<void> save(std::string_view conversation, std::string_view person, std::string_view sealed,
                    std::int64_t expected) override {
    std::lock_guard lock(mutex_);
    if (broken) return fail(Code::unavailable, "The database is away.");
    if (conflicts_to_come > 0) {
      --conflicts_to_come;
      return fail(Code::conflict, "Changed.", "pseudonyms_changed");
    }
    auto found = rows_.find(conversation);
    auto version = found == rows_.end() ? 0 : found->second.stored.version;
    if (version != expected || (found != rows_.end() && found->second.person != person))
      return fail(Code::conflict, "Changed.", "pseudonyms_changed");
    rows_[std::string(conversation)] = {std::string(person), {std::string(sealed), version + 1}};
    ++saves;
    return {};
  }
  Result<void> forget(std::string_view conversation) override {
    std::lock_guard lock(mutex_);
    if (auto found = rows_.find(conversation); found != rows_.end()) rows_.erase(found);
    return {};
  }
  Result<void> forget_person(std::string_view person) override {
    std::lock_guard lock(mutex_);
    std::erase_if(rows_, [&](const auto& row) { return row.second.person == person; });
    return {};
  }

  bool broken = false;
  int conflicts_to_come = 0;
  int saves = 0;

 private:
  struct Row {
    std::string person;
    Stored stored;
  };
  std::mutex mutex_;
  std::map<std::string, Row, std::less<>> rows_;
};

}  // namespace bastide::guard::testing
