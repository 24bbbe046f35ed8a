#include "identity/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/crypto.h"

namespace bastide::identity {
namespace {
constexpr Millis lock_first = std::chrono::seconds(2);
constexpr Millis lock_max = std::chrono::minutes(15);

std::string account_key(std::string_view account) { return "a:" + hex(sha256(account)).substr(0, 32); }

std::string address_key(std::string_view address) {
  std::string text(address.substr(0, 64));
  std::array<unsigned char, 16> v6{};
  constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) {
    const auto* bytes = reinterpret_cast<const char*>(v6.data());
    if (std::equal(mapped.begin(), mapped.end(), v6.begin())) {
      std::array<char, INET_ADDRSTRLEN> v4{};
      inet_ntop(AF_INET, v6.data() + 12, v4.data(), v4.size());
      return std::string("i:") + v4.data();
    }
    return "i:" + hex(std::string_view(bytes, 8));
  }
  return "i:" + text;
}
}  // namespace

Throttle::Entry& Throttle::entry(const std::string& key) {
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  while (entries_.size() >= limits_.entries_max) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({.key = key, .last_at = now_()});
  by_key_[key] = entries_.begin();
  return entries_.front();
}

void Throttle::forget(Entry& entry, Millis each) const {
  auto passed = (now_() - entry.last_at) / each.count();
  if (passed <= 0) return;
  entry.failures = static_cast<int>(std::max<std::int64_t>(0, entry.failures - passed));
  entry.last_at += passed * each.count();
}

void Throttle::count(Entry& entry, int free_tries) const {
  ++entry.failures;
  entry.last_at = now_();
  if (entry.failures < free_tries) return;
  int doublings = std::min(entry.failures - free_tries, 10);
  entry.locked_until = now_() + std::min(lock_first * (1 << doublings), lock_max).count();
}

UnixMillis Throttle::locked_until(const std::string& key) const {
  auto found = by_key_.find(key);
  return found == by_key_.end() ? 0 : found->second->locked_until;
}

std::chrono::seconds Throttle::wait_locked(const std::string& account, const std::string& address) const {
  auto until = std::max(locked_until(account), locked_until(address));
  return std::chrono::ceil<std::chrono::seconds>(Millis(std::max<UnixMillis>(0, until - now_())));
}

std::vector<Failures> Throttle::take_changes() {
  std::lock_guard lock(mutex_);
  std::vector<Failures> out;
  for (const auto& key : changed_) {
    auto found = by_key_.find(key);
    if (found == by_key_.end())
      out.push_back({.key = key});
    else
      out.push_back({key, found->second->failures, found->second->last_at, found->second->locked_until});
  }
  changed_.clear();
  return out;
}

void Throttle::restore(const std::vector<Failures>& stored) {
  std::lock_guard lock(mutex_);
  for (const auto& each : stored) {
    if (entries_.size() >= limits_.entries_max) break;
    if (each.count <= 0 || by_key_.contains(each.key)) continue;
    entries_.push_back({each.key, each.count, each.last_at, each.locked_until});
    by_key_[each.key] = std::prev(entries_.end());
  }
}

std::chrono::seconds Throttle::wait(std::string_view account, std::string_view address) {
  std::lock_guard lock(mutex_);
  return wait_locked(account_key(account), address_key(address));
}

std::chrono::seconds Throttle::begin(std::string_view account, std::string_view address) {
  auto account_at = account_key(account);
  auto address_at = address_key(address);
  std::lock_guard lock(mutex_);
  if (auto left = wait_locked(account_at, address_at); left.count() > 0) return left;
  auto& by_account = entry(account_at);
  forget(by_account, limits_.account_forget_each);
  count(by_account, limits_.account_free_tries);
  auto& by_address = entry(address_at);
  forget(by_address, limits_.address_forget_each);
  count(by_address, limits_.address_free_tries);
  changed_.insert(account_at);
  changed_.insert(address_at);
  return {};
}

void Throttle::succeeded(std::string_view account, std::string_view address) {
  std::lock_guard lock(mutex_);
  if (auto found = by_key_.find(account_key(account)); found != by_key_.end()) {
    entries_.erase(found->second);
    by_key_.erase(found);
  }
  changed_.insert(account_key(account));
  changed_.insert(address_key(address));
  // An address is not cleared: whoever owns one account could else try others for ever.
  auto& by_address = entry(address_key(address));
  by_address.failures = std::max(0, by_address.failures - 1);
  if (by_address.failures < limits_.address_free_tries) by_address.locked_until = 0;
}

}  // namespace bastide::identity
