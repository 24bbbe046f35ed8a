#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/crypto.h"
#include "identity/person_keys.h"

namespace bastide::governance {

class MemoryKeys final : public identity::PersonKeys {
 public:
  Result<std::string> key_of(std::string_view person) override {
    const std::lock_guard lock(mutex_);
    auto& key = keys_[std::string(person)];
    if (key.empty()) key = random_bytes(32);
    return key;
  }
  Result<void> destroy(std::string_view person) override {
    const std::lock_guard lock(mutex_);
    keys_.erase(std::string(person));
    return {};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> keys_;
};

}  // namespace bastide::governance
