// Answers that are given again to the very same question of the same person.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/config.h"
#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"
#include "dialects/dialect.h"

namespace bastide::gateway {

/// A whole answer as the client got it.
struct CachedAnswer {
  std::string content_type;
  std::string body;
  Steady::time_point made_at{};
};

/// What a call says of the cache in x-bastide-cache: "use", "refresh" (ask anew, keep the answer) or "off".
enum class CacheWish : std::uint8_t { unsaid, use, refresh, off };
[[nodiscard]] CacheWish cache_wish(std::string_view header);

/// Keys are SHA-256 of all that an answer depends on; what is stored is bounded in bytes, the longest unused
/// goes first. Thread-safe; some microseconds, for calls that asked for it only.
class AnswerCache {
 public:
  using Key = Sha256;
  static constexpr std::size_t answer_bytes_max = 1024 * 1024;

  explicit AnswerCache(const CacheConfig& config)
      : kept_for_(config.seconds * 1000),
        shard_bytes_max_(static_cast<std::size_t>(config.bytes_max) / shards) {}

  /// `rights`: whose answers these are; nobody else's question has the same. `beside`: what else an
  /// answer depends on. `body` counts by its values: the
  /// order of fields and the space between them make no difference. Code::invalid when it is no JSON.
  [[nodiscard]] static Result<Key> key_of(std::string_view rights, std::string_view model,
                                          dialects::Dialect dialect, std::string_view beside,
                                          std::string_view body);
  [[nodiscard]] std::shared_ptr<const CachedAnswer> find(const Key& key, Steady::time_point now);
  void put(const Key& key, CachedAnswer answer);
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t shards = 16;
  struct Entry {
    Key key;
    std::shared_ptr<const CachedAnswer> answer;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> entries;  // used last first
    std::unordered_map<Key, std::list<Entry>::iterator, Hash> places;
    std::size_t bytes = 0;
  };
  [[nodiscard]] Shard& shard(const Key& key) { return shards_[key[0] % shards]; }
  static void drop(Shard& shard, std::list<Entry>::iterator at);

  const Millis kept_for_;
  const std::size_t shard_bytes_max_;
  std::array<Shard, shards> shards_;
};

}  // namespace bastide::gateway
