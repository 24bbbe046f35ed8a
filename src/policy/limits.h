// Admission for exchanges: what exchange::Admission asks for, on the accounts of all callers.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/time.h"
#include "exchange/ports.h"
#include "policy/accounts.h"
#include "policy/labels.h"
#include "policy/usage.h"

namespace bastide::policy {

/// Where the time comes from; tests bring their own.
using Clock = std::function<Moment()>;

/// Thread-safe; no call blocks. `accounts`, `log` and `labels` must outlive it.
class Limiter final : public exchange::Admission {
 public:
  Limiter(Accounts& accounts, UsageLog& log, const Labels& labels, Clock clock = Moment::now);

  Result<std::vector<std::string>> admit(const exchange::Exchange& exchange, std::int64_t tokens) override;
  Result<void> choose(const exchange::Exchange& exchange, const ModelCard& model, std::int64_t input_tokens,
                      std::int64_t output_tokens) override;
  Result<void> choose_beside(const exchange::Exchange& exchange, const ModelCard& model,
                             std::int64_t input_tokens, std::int64_t output_tokens) override;
  exchange::Cost settle(const exchange::Exchange& exchange) override;

 private:
  struct Running {
    std::shared_ptr<Account> account;
    Reservation reservation;
    Reservation beside;  // of a second model
    UnixMillis admitted_at = 0;
    Steady::time_point since;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Running> running;  // by exchange
    Steady::time_point swept{};
  };
  Shard& shard(std::string_view exchange);
  void sweep(Shard& shard, Moment now);
  /// What of a row does not depend on the model that was called.
  [[nodiscard]] UsageRow row_of(const exchange::Exchange& exchange, const Account& account,
                                UnixMillis admitted_at);
  void write_row(const exchange::Exchange& exchange, const Account& account, const ModelTerms* terms,
                 const Amounts& actual, UnixMillis admitted_at);
  /// The row of a model that was given up for the one asked beside it; gives what it took.
  Amounts write_lost(const exchange::Exchange& exchange, const Running& running, Moment now);
  void append(const UsageRow& row);

  static constexpr std::size_t shards = 64;
  Accounts& accounts_;
  UsageLog& log_;
  const Labels& labels_;
  std::mutex writer_mutex_;  // exchanges run on many threads
  UsageWriter& writer_;
  const Clock clock_;
  std::array<Shard, shards> shards_;
};

}  // namespace bastide::policy
