#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/crypto.h"
#include "identity/person_keys.h"

namespace bastide::governance {

class MemoryKeys final : public identity::PersonKeys {
 public:
  Result<std::string> key_of(std::string_view person) override {
    const std::lock_guard lock(mutex_);
    if (destroyed_.contains(std::string(person))) return fail(Code::not_found, "Destroyed.", "key_destroyed");
    auto& key = keys_[std::string(person)];
    if (key.empty()) key = random_bytes(32);
    return key;
  }
  Result<void> destroy(std::string_view person) override {
    const std::lock_guard lock(mutex_);
    keys_.erase(std::string(person));
    destroyed_.insert(std::string(person));
    return {};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> keys_;
  std::set<std::string> destroyed_;
};

}  // namespace bastide::governance
