// Principals in memory, so that a call is authenticated without the database.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "identity/account.h"

namespace bastide::identity {

/// By the hash of a key or a session token. Bounded: the least recently used goes first. Thread-safe.
class PrincipalCache {
 public:
  struct Entry {
    std::string id;  // of the key or the session
    Principal who;
    Person person;
    UnixMillis used_at = 0;
    UnixMillis ends_at = 0;  // 0: never
  };
  explicit PrincipalCache(std::size_t entries_max) : entries_max_(entries_max) {}

  /// Sets its time of use to `now` and gives the entry with the time before.
  [[nodiscard]] std::optional<Entry> find(std::string_view hash, UnixMillis now);
  /// Counts the clearings: read it before reading the store, and `put` drops what was read before one.
  [[nodiscard]] std::uint64_t epoch() const;
  void put(std::string_view hash, Entry entry, std::uint64_t epoch_before);
  void drop(std::string_view hash);
  void clear();

 private:
  struct Held {
    std::string hash;
    Entry entry;
  };
  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 0;
  std::list<Held> held_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Held>::iterator> by_hash_;
};

}  // namespace bastide::identity
