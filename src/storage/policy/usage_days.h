// Sums of usage by day and scope: small, and kept longer than the rows.
#pragma once

#include <string>
#include <unordered_map>

#include "policy/usage.h"
#include "storage/policy/usage_words.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// Adds rows up in memory until they are stored. One thread.
class UsageSums {
 public:
  void add(const policy::UsageRow& row);
  [[nodiscard]] bool empty() const { return sums_.empty(); }
  [[nodiscard]] std::size_t size() const { return sums_.size(); }
  /// Inside the body of a write: each sum into every scope that it belongs to.
  void store(Connection& connection, UsageWords& words) const;
  void clear();

 private:
  struct Key {
    std::int32_t day = 0;
    policy::Word person = 0, key = 0, groups = 0, assistant = 0, model = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Sum {
    std::int64_t requests = 0, errors = 0, input = 0, cached_input = 0, cache_write = 0, output = 0,
                 reasoning = 0;
    std::int64_t nano_money = 0, micro_wh_low = 0, micro_wh_high = 0, called = 0;
  };
  std::unordered_map<Key, Sum, Hash> sums_;
};

}  // namespace bastide::storage
