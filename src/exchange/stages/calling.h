// What every call of a model does before and after, whatever it asks for.
#pragma once

#include "base/fair_gate.h"
#include "exchange/queue_place.h"
#include "exchange/stage.h"

namespace bastide::exchange {

/// Belt and braces: the rule is asked once more where the bytes go out. Code::refused_by_policy.
[[nodiscard]] Result<void> may_leave(const Exchange& exchange, const policy::ModelCard& card,
                                     const policy::Router& router);

/// `may_leave`, and pays for a model that is not the one that routing paid for. Code::budget_exhausted,
/// Code::rate_limited.
[[nodiscard]] Result<void> may_call(Exchange& exchange, const policy::ModelCard& card,
                                    const policy::Router& router, Admission& admission);

/// What `card` is sent: with pseudonyms when it stands outside the walls, which `may_leave` has allowed.
[[nodiscard]] ModelCall model_call(const Exchange& exchange, const policy::ModelCard& card,
                                   const policy::Router& router);

/// Tells the exchange's sink, if it has one, where the call stands in a queue.
[[nodiscard]] Task<Result<void>> tell_place(Exchange& exchange, QueuePlace place);

/// Waits for a place where the model or its provider takes only so many calls at once.
[[nodiscard]] Task<Result<FairGates::Places>> enter(const FairGates* gates, policy::ModelCard card,
                                                    identity::Priority priority);

/// Notes that `card` failed. Whether another may do better: not where the request itself is wrong, and not
/// for a caller who left.
[[nodiscard]] bool may_fail_over(Exchange& exchange, const policy::ModelCard& card, const Error& error,
                                 StageTrace& trace);

}  // namespace bastide::exchange
