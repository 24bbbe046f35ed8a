// A limit on how much runs at once, with a bounded queue that serves people before programs before batches,
// and yet everybody.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/config.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace bastide {

/// Thread-safe: whoever waits is resumed on its own executor. Of every twelve places that become free while
/// all three kinds wait, eight go to the first, three to the second, one to the third.
class FairGate {
 public:
  enum class Kind : std::uint8_t { interactive, program, batch };
  static constexpr std::size_t kinds = 3;

  /// `at_once` is 1 or more; `waiting_max` bounds the queue as a whole.
  FairGate(std::int64_t at_once, std::size_t waiting_max)
      : free_(at_once), at_once_(at_once), waiting_max_(waiting_max) {}
  FairGate(const FairGate&) = delete;
  FairGate& operator=(const FairGate&) = delete;

  /// A place; given back when it is destroyed.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), since_(other.since_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(gate_, other.gate_);
      std::swap(since_, other.since_);
      return *this;
    }
    ~Place() {
      if (gate_) gate_->leave(Steady::now() - since_);
    }

   private:
    friend class FairGate;
    explicit Place(FairGate& gate) : gate_(&gate), since_(Steady::now()) {}
    FairGate* gate_ = nullptr;
    Steady::time_point since_{};
  };

  /// At once when there is room and nobody waits. Code::overloaded, queue_full, when the queue is full, or
  /// queue_timeout after `patience`: `retry_after_s` says when those who wait now should have been served.
  /// Needs a current executor. The gate outlives the wait.
  [[nodiscard]] Task<Result<Place>> enter(Kind kind, Millis patience);
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiter {
    Executor* executor = nullptr;
    std::coroutine_handle<> handle;
    enum class Outcome : std::uint8_t { none, granted, timed_out } outcome = Outcome::none;
  };
  struct Wait;
  void leave(Steady::duration took);
  [[nodiscard]] std::shared_ptr<Waiter> next();
  [[nodiscard]] Error full(std::string detail) const;

  mutable std::mutex mutex_;
  std::int64_t free_;
  const std::int64_t at_once_;
  const std::size_t waiting_max_;
  std::array<std::deque<std::shared_ptr<Waiter>>, kinds> queues_;
  std::array<int, kinds> credits_{};
  double usual_s_ = 1;  // that a place is held
};

/// The gates of providers and models whose configuration limits how many calls run at once.
class FairGates {
 public:
  explicit FairGates(const Config& config);
  /// Null: no limit.
  [[nodiscard]] FairGate* of_provider(const std::string& id) const;
  [[nodiscard]] FairGate* of_model(const std::string& id) const;

  /// Places at both.
  struct Places {
    FairGate::Place provider, model;
  };
  /// As FairGate::enter, at the model's gate and then the provider's.
  [[nodiscard]] static Task<Result<Places>> enter(FairGate* model, FairGate* provider, FairGate::Kind kind);

 private:
  static constexpr std::size_t waiting_max = 1000;  // at each
  static constexpr Millis patience{60'000};
  std::unordered_map<std::string, std::unique_ptr<FairGate>> providers_, models_;
};

}  // namespace bastide
