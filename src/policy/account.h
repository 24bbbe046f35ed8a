// A caller's account: every purse that pays for what this caller does, found once and used for each call.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "policy/amounts.h"
#include "policy/price.h"
#include "policy/purse.h"
#include "policy/usage.h"

namespace bastide::policy {

/// What a call to one model is held to: its prices and its own purse. Immutable but for the purse;
/// thread-safe. Lives as long as the Accounts that made it.
struct ModelTerms {
  std::string id;
  PriceBasis basis = PriceBasis::configured;  // when no price holds yet, the stand-in is used all the same
  std::vector<PriceConfig> prices;            // oldest first
  PriceConfig stand_in;
  double wh_per_input_token = 0;  // upper estimates
  double wh_per_output_token = 0;
  double wh_per_input_token_low = 0;  // lower ones
  double wh_per_output_token_low = 0;
  Word model = 0, provider = 0, zone = 0;  // for the usage log
  std::shared_ptr<Purse> purse;            // null: the model has no budget and no limits

  [[nodiscard]] const PriceConfig& price(UnixMillis wall) const;
  /// Whether what a call costs is a guess, which the usage says.
  [[nodiscard]] bool is_estimated(UnixMillis wall) const;
  /// The most that so many tokens can take of money and energy.
  [[nodiscard]] Amounts bound(std::int64_t input_tokens, std::int64_t output_tokens, UnixMillis wall,
                              std::int64_t audio_ms = 0, std::int64_t characters = 0) const;
  /// Fills in a row's model, provider, zone, and how sure its cost is. The rest is left as it is.
  void describe(UsageRow& row, UnixMillis wall) const;
  /// The least energy that the tokens took, in Amounts' unit.
  [[nodiscard]] std::int64_t micro_wh_low(const TokenClasses& tokens) const;
  /// What they took; energy by the caller who knows it, else from the upper estimates.
  [[nodiscard]] Amounts spent(const TokenClasses& tokens, UnixMillis wall, Batch batch = Batch::no) const;
};

/// What a running call holds. A value without allocations; whoever has it settles it once, on the account
/// that gave it.
struct Reservation {
  Amounts held;                       // money, tokens, requests, energy
  const ModelTerms* terms = nullptr;  // whose purse and price it counts on
  Calendar admitted;
  bool open = false;  // between admit and settle
};

/// Warnings of all accounts until somebody takes them. Thread-safe.
class WarningBox {
 public:
  void put(Purse& locked_purse, UnixMillis wall);
  [[nodiscard]] std::vector<Warning> take();

 private:
  std::mutex mutex_;
  std::vector<Warning> warnings_;
};

/// Thread-safe; a call costs some dozens of nanoseconds a purse and never blocks longer than another such
/// call. All purses pay or none does, and what they hold together is judged at once: calls that run side by
/// side cannot spend the same money twice, nor refuse each other for what neither has taken.
class Account {
 public:
  /// Who pays, in the words of the usage log.
  struct Names {
    Word person = 0, key = 0, groups = 0, assistant = 0;
  };
  Account(std::vector<std::shared_ptr<Purse>> purses, std::shared_ptr<WarningBox> warnings,
          std::uint64_t generation, Names names);

  /// Reserves `bound` (requests is 1) until it is settled. With `terms` when the model is known already: then
  /// `bound` includes money and energy, and the model's own purse pays too. Code::rate_limited with details
  /// requests_per_minute, tokens_per_minute, concurrent; Code::budget_exhausted with details budget_day,
  /// budget_week, budget_month (used up), budget_reserved (running calls may need the rest) and budget_bound
  /// (the call may need more than is left). `retry_after_s` is set in all but the last.
  [[nodiscard]] Result<Reservation> admit(const Amounts& bound, Moment now,
                                          const ModelTerms* terms = nullptr);
  /// Adds what is known once a model is chosen, in place of an earlier choice: call it for each model that is
  /// tried. `bound` has money and energy. After an error the reservation holds what `admit` gave without a
  /// model. `terms` must live until the reservation is settled.
  [[nodiscard]] Result<void> choose(Reservation& reservation, const ModelTerms& terms, const Amounts& bound,
                                    Moment now);
  /// Counts what the call really took and ends it; a second time does nothing. A call that was refused later
  /// settles with Amounts{}.
  void settle(Reservation& reservation, const Amounts& actual, Moment now);

  /// Fills in a row's person, key, groups and assistant.
  void describe(UsageRow& row) const;
  /// The narrowest of the limits per minute, for headers.
  [[nodiscard]] RateState rate_state(Moment now);
  /// The budgets that this caller draws on.
  struct Budgets {
    std::string scope;
    std::vector<BudgetState> states;
  };
  [[nodiscard]] std::vector<Budgets> budgets(Moment now);
  /// Differs from Accounts::generation() once limits or budgets were configured anew: get another account.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  class Locked;
  const std::vector<std::shared_ptr<Purse>> purses_;  // by address: the order of locking
  const std::shared_ptr<WarningBox> warnings_;
  const std::uint64_t generation_;
  const Names names_;
};

/// The error that a client gets.
[[nodiscard]] Error to_error(const Refusal& refusal, const std::string& scope, UnixMillis wall);

}  // namespace bastide::policy
