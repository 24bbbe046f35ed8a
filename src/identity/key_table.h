// Every API key that may be used, in memory: who calls is known without the database.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "identity/account.h"
#include "identity/address_range.h"
#include "identity/ports.h"

namespace bastide::identity {

/// A key and whom it speaks for, as they were when the table was made. Immutable but for its end and its last
/// use; thread-safe. Whoever serves a long answer keeps it and asks `is_over` now and then.
class KeyEntry {
 public:
  KeyEntry(ApiKey key, Principal who);

  const ApiKey key;  // without its hashes
  const Principal who;

  /// Revoked, its owner disabled, or expired: what runs under it must end. Lock-free.
  [[nodiscard]] bool is_over(UnixMillis now) const {
    return revoked_.load(std::memory_order_relaxed) || (expires_at_ != 0 && now >= expires_at_);
  }
  /// Whether the key may be used from `address`; all may when it names no range. An address that cannot be
  /// read is in no range.
  [[nodiscard]] bool allows_address(std::string_view address) const;
  /// Whether it may call `model`; all when it names none.
  [[nodiscard]] bool allows_model(std::string_view model) const;

 private:
  friend class KeyTable;
  const UnixMillis expires_at_;  // 0: never
  const std::vector<AddressRange> ranges_;
  mutable std::atomic<bool> revoked_{false};
  mutable std::atomic<UnixMillis> used_at_;
  mutable UnixMillis use_taken_at_;  // of the table, under its lock
};

/// Thread-safe. `find` hashes once and looks once, well under a microsecond; a new table takes its place in
/// one step.
class KeyTable {
 public:
  /// Null for a secret that opens nothing now: unknown, revoked, or replaced longer ago than its overlap.
  /// What the entry itself says (`is_over`, `allows_address`) is the caller's to ask. Notes the use.
  [[nodiscard]] std::shared_ptr<const KeyEntry> find(std::string_view secret, UnixMillis now) const;

  /// Null when no key that is not revoked has this id.
  [[nodiscard]] std::shared_ptr<const KeyEntry> with_id(const std::string& id) const;

  /// All keys there are. Entries that are the same go on; those that are gone, or changed so that what runs
  /// under them must be asked again, are revoked.
  void replace(std::vector<KeyStore::Found> keys, const std::string& organisation);
  [[nodiscard]] std::size_t size() const;
  /// Times of last use since this was last asked.
  [[nodiscard]] std::vector<Use> take_uses();

 private:
  struct Secret {
    std::shared_ptr<const KeyEntry> entry;
    UnixMillis until = 0;  // 0: as long as the key
  };
  struct Hash {
    std::size_t operator()(const Sha256& digest) const;
  };
  struct Table {
    std::unordered_map<Sha256, Secret, Hash> by_secret;
    std::unordered_map<std::string, std::shared_ptr<const KeyEntry>> by_id;
  };
  struct Met;
  /// What the table says of a secret; null: nothing.
  [[nodiscard]] const Secret* look_up(std::string_view secret) const;

  std::mutex replacing_;
  std::atomic<std::uint64_t> version_{0};  // no two tables have the same, of this or of another object
  std::atomic<std::shared_ptr<const Table>> table_{std::make_shared<const Table>()};
};

}  // namespace bastide::identity
