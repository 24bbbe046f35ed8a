// The purse of one who pays: a person, a key, a group, an assistant, a model, the organisation. Its budgets,
// its limits, what runs now.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/short_lock.h"
#include "policy/amounts.h"
#include "policy/bucket.h"

namespace bastide::policy {

/// How much of `unit` a `period` allows, in the numbers of Amounts.
struct Budget {
  Unit unit = Unit::money;
  Period period = Period::month;
  std::int64_t most = 0;
  friend bool operator==(const Budget&, const Budget&) = default;
};

/// 0: no limit.
struct Limits {
  std::int64_t requests_per_minute = 0;
  std::int64_t tokens_per_minute = 0;
  std::int64_t concurrent = 0;
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// What may be told of one budget.
struct BudgetState {
  Budget budget;
  std::int64_t spent = 0;
  std::int64_t reserved = 0;
};

/// What clients are told of the limits per minute; a limit of 0 is none.
struct RateState {
  std::int64_t limit_requests = 0, remaining_requests = 0, reset_requests_ms = 0;
  std::int64_t limit_tokens = 0, remaining_tokens = 0, reset_tokens_ms = 0;
};

/// Why a purse does not pay.
struct Refusal {
  enum class Why : std::uint8_t {
    requests_per_minute,
    tokens_per_minute,
    concurrent,
    used_up,   // the budget of the period
    reserved,  // running calls may need what is left
    too_dear   // nothing runs, and the call may need more than is left
  };
  Why why = Why::used_up;
  double wait_s = 0;  // per minute
  std::int64_t limit = 0;
  BudgetState budget;  // of the last three
  std::int64_t asked = 0;
};

/// What was spent so far, by the purse that is asked about, in each of the current periods.
using Opening = std::array<Amounts, periods>;

/// A purse that has crossed four fifths of a budget. Its owners are told once a period.
struct Warning {
  std::string scope;
  BudgetState state;
  UnixMillis period_begin = 0;
};

/// The caller locks `lock` around every other member but `scope`, which is constant. The order in which
/// several are locked is by address, a model's last.
class Purse {
 public:
  /// `scope`: person:ID group:ID key:ID assistant:ID model:ID organisation.
  Purse(std::string scope, Moment now) : scope_(std::move(scope)), calendar_(Calendar::of(now.wall)) {}

  [[nodiscard]] const std::string& scope() const { return scope_; }
  ShortLock lock;

  /// Sets limits and budgets; what is known of a budget that stays is kept, one that is new opens with what
  /// `opening` says.
  void configure(const Limits& limits, const std::vector<Budget>& budgets, const Opening& opening,
                 Moment now);

  /// Whether `more` may be taken; `starts` says that this begins a call rather than goes on with one.
  enum class Phase : std::uint8_t { start, go_on };
  [[nodiscard]] std::optional<Refusal> refuses(const Amounts& more, Phase phase, Moment now,
                                               const Calendar& calendar);
  void take(const Amounts& more, Phase phase, Moment now, const Calendar& calendar);
  /// Gives back what a call that goes on does not need, as if it had not been taken.
  void give_back(const Amounts& less, Phase phase, Moment now, const Calendar& admitted);
  /// Ends a call. True when a budget has just crossed four fifths: `warnings` tells which.
  [[nodiscard]] bool settle(const Amounts& held, const Amounts& actual, Moment now, const Calendar& admitted);
  /// Budgets whose warning has not been taken yet.
  void take_warnings(std::vector<Warning>& into, UnixMillis wall);

  [[nodiscard]] std::vector<BudgetState> states(const Calendar& calendar);
  void rate_state(RateState& narrowest, Moment now);
  [[nodiscard]] std::int64_t running() const { return running_; }
  /// Nothing to remember: no call runs, every bucket is full, nothing was spent.
  [[nodiscard]] bool is_idle(Moment now);

 private:
  struct Cell {
    Budget budget;
    std::int64_t spent = 0;
    std::int64_t reserved = 0;
    enum class Told : std::uint8_t { no, due, yes } told = Told::no;
  };
  void turn_to(const Calendar& calendar);
  /// Whether a call of `calendar` belongs to what the cell holds: a loop may be a moment behind another that
  /// has turned the page.
  [[nodiscard]] bool counts(const Cell& cell, const Calendar& calendar) const {
    return calendar.in(cell.budget.period) == calendar_.in(cell.budget.period);
  }
  void note_warning(Cell& cell, bool& crossed);

  const std::string scope_;
  Limits limits_;
  std::optional<Bucket> requests_, tokens_;
  std::int64_t running_ = 0;
  Calendar calendar_;  // of what the cells hold
  std::vector<Cell> cells_;
};

}  // namespace bastide::policy
