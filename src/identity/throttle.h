// How often somebody may try to sign in.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "identity/ports.h"

namespace bastide::identity {

/// Counts failures for each account name, whether or not it exists, and for each address (an IPv6 address by
/// its /64). After `free_tries` failures the next try must wait 2 s, then 4 s, ... 15 minutes at most. A
/// failure is forgotten after `forget_each`, so that an office behind one address does not lock itself out.
/// Bounded memory: the least recently seen entry goes first. Thread-safe.
class Throttle {
 public:
  struct Limits {
    int account_free_tries = 5;
    int address_free_tries = 20;
    Millis account_forget_each = std::chrono::minutes(15);
    Millis address_forget_each = std::chrono::seconds(30);
    std::size_t entries_max = 50'000;
  };
  explicit Throttle(std::function<UnixMillis()> now) : Throttle(std::move(now), Limits()) {}
  Throttle(std::function<UnixMillis()> now, Limits limits) : now_(std::move(now)), limits_(limits) {}

  /// Zero: go on; the try counts as a failure until `succeeded`, so that many at once gain nothing. Else how
  /// long to wait, and nothing is counted.
  [[nodiscard]] std::chrono::seconds begin(std::string_view account, std::string_view address);
  void succeeded(std::string_view account, std::string_view address);
  [[nodiscard]] std::chrono::seconds wait(std::string_view account, std::string_view address);

  /// What has changed since this was last asked, to be stored, so that a restart forgives nobody.
  [[nodiscard]] std::vector<Failures> take_changes();
  /// What was stored, newest first. Before the first try.
  void restore(const std::vector<Failures>& stored);

 private:
  struct Entry {
    std::string key;
    int failures = 0;
    UnixMillis last_at = 0;
    UnixMillis locked_until = 0;
  };
  Entry& entry(const std::string& key);
  void forget(Entry& entry, Millis each) const;
  void count(Entry& entry, int free_tries) const;
  [[nodiscard]] UnixMillis locked_until(const std::string& key) const;
  [[nodiscard]] std::chrono::seconds wait_locked(const std::string& account,
                                                 const std::string& address) const;

  std::function<UnixMillis()> now_;
  Limits limits_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // most recently seen first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  std::unordered_set<std::string> changed_;  // within entries_max
};

}  // namespace bastide::identity
