// What is kept of a call that passed: the port that the composition root joins to receipts and ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "gateway/plan.h"
#include "identity/principal.h"
#include "policy/account.h"

namespace bastide::gateway {

/// One call, from its arrival to the last byte of its answer. No content.
struct Passed {
  std::string exchange;
  identity::Principal who;
  std::shared_ptr<policy::Account> account;  // whose purses paid
  const Plan* asked = nullptr;               // as long as the gateway
  const Plan* answered = nullptr;            // null: nobody did
  UnixMillis started_at = 0;
  std::int64_t took_us = 0;
  std::int64_t first_byte_us = 0;
  policy::TokenClasses tokens{};
  bool tokens_estimated = false;
  policy::Amounts spent{};
  bool cost_estimated = false;
  bool inspected = false;  // the guard has looked at it
  int failovers = 0;
  bool client_left = false;
  std::optional<Error> error{};
};

/// Thread-safe.
class Recorder {
 public:
  virtual ~Recorder() = default;
  /// Does not block; stored within a second.
  virtual void add(Passed passed) = 0;
  /// Whether so much waits to be stored that nothing more should be spent.
  [[nodiscard]] virtual bool full() const = 0;
};

}  // namespace bastide::gateway
