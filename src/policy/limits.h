// Admission: how often, how much, for how much money. What exchange::Admission asks for.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/time.h"
#include "exchange/ports.h"
#include "policy/bucket.h"
#include "policy/ledger.h"
#include "policy/purse.h"

namespace bastide::policy {

/// Where the time comes from; tests bring their own.
struct Clock {
  std::function<Steady::time_point()> steady = [] { return Steady::now(); };
  std::function<UnixMillis()> wall = [] { return now_ms(); };
};

/// Thread-safe; neither call blocks. Memory is bounded by the people who were active in the last minute and
/// by those who spent money this month. `ledger` must outlive it.
class Limiter final : public exchange::Admission {
 public:
  /// Reads this month's spending from the ledger: blocks, at start.
  static Result<std::unique_ptr<Limiter>> open(const Config& config, Ledger& ledger, Clock clock = {});

  Limiter(const Config& config, Ledger& ledger, const std::vector<Spent>& spent, Clock clock);

  Result<std::vector<std::string>> admit(const identity::Principal& who, std::string_view exchange,
                                         std::int64_t tokens) override;
  /// Once for an exchange; an exchange that was not admitted is ignored.
  void settle(const identity::Principal& who, std::string_view exchange, const exchange::Usage& usage,
              double cost) override;

  /// Budgets of groups and keys, by their ids (the configuration names them; the caller looks the ids up).
  void set_shared(std::vector<Budget> budgets);
  /// Of this month, in money.
  [[nodiscard]] double spent(std::string_view person) const {
    return purse_.spent("person:" + std::string(person));
  }
  /// People whose limits are held in memory now.
  [[nodiscard]] std::size_t held() const;

 private:
  struct Reservation {
    double tokens = 0;
    double money = 0;
    std::string month;
    std::vector<std::string> scopes;
    Steady::time_point since;
  };
  struct Person {
    Bucket requests;
    Bucket tokens;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Person> people;
    std::unordered_map<std::string, Reservation> reservations;  // by exchange
    Steady::time_point swept{};
  };

  Shard& shard(std::string_view person);
  void sweep(Shard& shard, Steady::time_point now);
  [[nodiscard]] std::vector<Budget> budgets_of(const identity::Principal& who) const;

  static constexpr std::size_t shards = 64;
  LimitsConfig limits_;
  std::optional<double> person_month_;
  double money_per_token_ = 0;  // of the dearest model
  Ledger& ledger_;
  Clock clock_;
  Purse purse_;
  mutable std::mutex shared_mutex_;
  std::shared_ptr<const std::vector<Budget>> shared_;
  mutable std::array<Shard, shards> shards_;
};

/// Seconds from `at` to the first moment of the next month, UTC.
[[nodiscard]] std::int64_t seconds_to_next_month(UnixMillis at);

}  // namespace bastide::policy
