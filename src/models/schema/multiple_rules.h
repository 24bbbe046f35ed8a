// Multiples as rules of a grammar.
#pragma once

#include "models/schema/document.h"
#include "models/schema/rules.h"
#include "models/schema/values.h"

namespace bastide::models::schema {

/// Numbers of one sign without it.
struct Magnitudes {
  Bound min;  // not negative
  std::optional<Bound> max;
};
[[nodiscard]] std::optional<Magnitudes> not_negative(const Numbers& numbers);
[[nodiscard]] std::optional<Magnitudes> negative(const Numbers& numbers);

/// Adds alternatives to `rule`: of `numbers` with multiples.
void write_multiples(Rules& rules, int rule, const Numbers& numbers, Refusal& refusal);

}  // namespace bastide::models::schema
