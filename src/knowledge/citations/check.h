// Whether a sentence of an answer holds to its passages. Lexical and conservative: what is not clearly there
// is not supported.
#pragma once

#include <span>
#include <string_view>

#include "exchange/ports.h"

namespace bastide::knowledge::citations {

/// As exchange::Knowledge::check promises. Markers "[n]" number `passages` from 1. A claim is supported by a
/// passage that holds most of its content words (folded stems, families), all its numbers, dates, units and
/// names, with the numbers near the words they belong to, and does not say the opposite. Pure and
/// thread-safe; some tens of microseconds a passage.
[[nodiscard]] exchange::Knowledge::ClaimCheck check(std::string_view sentence, std::string_view question,
                                                    std::span<const exchange::Passage> passages);

}  // namespace bastide::knowledge::citations
