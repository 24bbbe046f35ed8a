// Hedged calls: where a model is slow to begin, a model of another provider is asked beside it, and whoever
// says the first word answers.
#pragma once

#include <memory>

#include "base/extra_calls.h"
#include "exchange/stage.h"
#include "exchange/stages/race.h"

namespace bastide::exchange {

/// A model that has begun to answer.
struct Started {
  const policy::ModelCard* by = nullptr;
  std::unique_ptr<Completion> completion;
};

/// Thread-safe.
class Hedging {
 public:
  /// One hedge for every so many calls that may be hedged, saved up for ten: a provider that became slow for
  /// all of its calls does not double what the others get.
  static constexpr std::int64_t calls_a_hedge = 10;

  struct Rooms {
    const policy::Router& router;
    Models& models;
    Admission& admission;
    const FairGates* gates;
  };
  explicit Hedging(Rooms rooms) : rooms_(rooms) {}

  /// The model that may be asked beside `first`; null when this call is not to be hedged, of which `trace`
  /// then says why if hedging was asked for. It is the next of the route with another provider that policy
  /// allows and that is no further outside than `first`. Never for a call of a batch, one whose tools the
  /// provider runs (they would act twice), nor after a failure: whoever stands in is asked alone.
  [[nodiscard]] const policy::ModelCard* second_of(const Exchange& exchange, const policy::ModelCard& first,
                                                   StageTrace& trace) const;

  /// Asks `first`, which is paid for, and after a while `second` too, if budgets can pay for both and hedges
  /// are left. The one that did not win is cancelled before this returns. What it is taken to have used: what
  /// it told, else the prompt alone, which providers bill once they have accepted a call, while a call whose
  /// connection closes before its first word has nothing more that could be known. An error is
  /// `first`'s, as where it was asked alone; `trace` names that of `second`.
  [[nodiscard]] Task<Result<Started>> start(Exchange& exchange, const policy::ModelCard& first,
                                            const policy::ModelCard& second, StageTrace& trace) const;

 private:
  [[nodiscard]] bool may_ask_beside(Exchange& exchange, const policy::ModelCard& second, Millis after,
                                    StageTrace& trace) const;
  void tell_end(Exchange& exchange, const Race& race, std::size_t winner, StageTrace& trace) const;

  const Rooms rooms_;
  mutable ExtraCalls hedges_{calls_a_hedge};
};

}  // namespace bastide::exchange
