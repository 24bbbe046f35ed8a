// What every call of a model does before and after, whatever it asks for.
#pragma once

#include "base/fair_gate.h"
#include "exchange/stage.h"

namespace bastide::exchange {

/// Belt and braces: the rule is asked once more where the bytes go out. Pays for a model that is not the one
/// that routing paid for. Code::refused_by_policy, Code::budget_exhausted, Code::rate_limited.
[[nodiscard]] Result<void> may_call(Exchange& exchange, const policy::ModelCard& card,
                                    const policy::Router& router, Admission& admission);

/// Waits for a place where the model or its provider takes only so many calls at once.
[[nodiscard]] Task<Result<FairGates::Places>> enter(const FairGates* gates, policy::ModelCard card,
                                                    identity::Priority priority);

/// Notes that `card` failed. Whether another may do better: not where the request itself is wrong, and not
/// for a caller who left.
[[nodiscard]] bool may_fail_over(Exchange& exchange, const policy::ModelCard& card, const Error& error,
                                 StageTrace& trace);

}  // namespace bastide::exchange
