// The keys by which a provider knows the organisation: shared out by weight, left alone when the provider
// says so, read again when their file changes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "base/time.h"

namespace bastide {

/// What an administrator must know of a key. Never the key itself.
struct KeyAlert {
  std::string provider;
  std::string key;     // the name of its variable or file
  std::string reason;  // a stable word: refused, unreadable
};

/// Which keys one model's calls must leave alone for a while, because the provider asked to wait (429):
/// providers count by model. Thread-safe and lock-free.
class KeyRests {
 public:
  static constexpr Millis pause_default{1'000};  // where the provider does not say how long
  static constexpr Millis pause_max{600'000};
  static constexpr std::size_t keys_max = 16;

  /// `wait` as the provider says in retry-after.
  void limited(std::size_t key, std::optional<Millis> wait, Steady::time_point now);
  [[nodiscard]] bool allows(std::size_t key, Steady::time_point now) const {
    return left(key, now) == Millis(0);
  }
  /// How long the key must still wait.
  [[nodiscard]] Millis left(std::size_t key, Steady::time_point now) const;

 private:
  std::array<std::atomic<std::int64_t>, keys_max> until_{};  // ticks of the steady clock
};

/// The keys of one provider; one that is empty where the provider wants none. Thread-safe; `pick` and the
/// reports are lock-free but for a new secret's pointer.
class KeyRing {
 public:
  static constexpr Millis refused_pause{60'000};  // then one call at a time tries whether it is taken again

  explicit KeyRing(const ProviderConfig& provider);

  struct Pick {
    std::size_t index = 0;
    std::shared_ptr<const std::string> secret;  // empty: none is wanted
  };
  enum class Urgency : std::uint8_t {
    others_may_answer,  // only a key that nothing speaks against
    nobody_else         // else the one that may be used soonest: the caller would get an error anyway
  };
  /// The next key in turn, by weight; nothing when each must be left alone and others may answer.
  [[nodiscard]] std::optional<Pick> pick(const KeyRests& rests, Urgency urgency, Steady::time_point now);
  /// Why `pick` gave nothing: Code::upstream, provider_key, when the provider refuses all keys; else
  /// Code::rate_limited, provider_busy, with the time until one may be used.
  [[nodiscard]] Error why_none(const KeyRests& rests, Steady::time_point now) const;

  /// The provider does not know the key (401, 403): it rests, and an administrator is told, once.
  void refused(std::size_t index, Steady::time_point now);
  void accepted(std::size_t index);

  /// Reads files that have changed; a new secret starts anew. Blocks.
  void follow_files();
  [[nodiscard]] std::vector<KeyAlert> take_alerts();
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  /// Keys that rest because they were refused.
  [[nodiscard]] std::size_t refused_count() const;

 private:
  struct Stamp {  // of a file: another when it was written or replaced
    std::int64_t at_ns = 0;
    std::uint64_t number = 0, bytes = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct Key {
    std::string name, file;
    std::atomic<std::shared_ptr<const std::string>> secret;
    std::atomic<std::int64_t> refused_until{0};  // ticks of the steady clock; 0: it is not
    Stamp read{};                                // follow_files only
    bool unreadable = false;
  };
  [[nodiscard]] static Stamp stamp_of(const std::string& file);
  void alert(const Key& key, std::string_view reason);

  const std::string provider_;
  std::vector<std::unique_ptr<Key>> keys_;
  std::vector<std::uint8_t> turns_;  // indexes, each as often as its weight says, spread evenly
  std::atomic<std::uint32_t> turn_{0};
  std::mutex files_mutex_;
  std::mutex alerts_mutex_;
  std::vector<KeyAlert> alerts_;
};

/// Those of all configured providers. Immutable but for the rings; thread-safe.
class KeyRings {
 public:
  explicit KeyRings(const Config& config);
  /// `provider` is configured.
  [[nodiscard]] KeyRing& of(const std::string& provider) const { return *rings_.at(provider); }
  void follow_files();
  [[nodiscard]] std::vector<KeyAlert> take_alerts();

 private:
  std::unordered_map<std::string, std::unique_ptr<KeyRing>> rings_;
};

/// What a provider says in the header retry-after, in seconds or as a day and time; nothing when it is
/// neither.
[[nodiscard]] std::optional<Millis> retry_after_of(std::string_view header, UnixMillis now);

}  // namespace bastide
