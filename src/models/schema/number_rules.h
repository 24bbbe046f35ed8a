// Numbers as rules of a grammar: bounds digit by digit, multiples by remainders. What is written is a part of
// what JSON can write: no exponent where there is a bound, and so many digits that a double tells all values
// apart.
#pragma once

#include "models/schema/document.h"
#include "models/schema/rules.h"
#include "models/schema/values.h"

namespace bastide::models::schema {

/// Whether more digits make another one of them, but for zero.
[[nodiscard]] bool are_endless(const Numbers& numbers);
/// All of them, in order, where they are whole and between bounds that are `apart_max` apart at most.
[[nodiscard]] std::optional<std::vector<std::int64_t>> few_integers(const Numbers& numbers,
                                                                    std::int64_t apart_max);
/// Adds alternatives to `rule`.
void write_numbers(Rules& rules, int rule, const Numbers& numbers, Refusal& refusal);

}  // namespace bastide::models::schema
