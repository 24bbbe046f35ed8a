// Strings as rules of a grammar, with their quotes.
#pragma once

#include "models/schema/automaton.h"
#include "models/schema/document.h"
#include "models/schema/rules.h"
#include "models/schema/values.h"

namespace bastide::models::schema {

/// Adds alternatives to `rule`.
void write_strings(Rules& rules, int rule, const Strings& strings, Refusal& refusal);
/// The same, of exactly this language. A character is written in one way only, so that no name hides behind
/// an escape.
void write_language(Rules& rules, int rule, const Automaton& language);
/// Whether each beginning of such a JSON string has any number of endings, or a million.
[[nodiscard]] bool are_endless(const Strings& strings);
/// Names of properties, each with what stands between it and its value.
void write_names(Rules& rules, int rule, const Automaton& language);

}  // namespace bastide::models::schema
