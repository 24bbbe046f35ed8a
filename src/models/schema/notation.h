// How values are written: as JSON, or as Gemma 4 writes the arguments of its calls,
// {city:<|"|>Nîmes<|"|>,days:2}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "models/schema/automaton.h"
#include "models/schema/values.h"

namespace bastide::models::schema {

enum class Notation { json, gemma4 };

/// What stands before and behind a string.
[[nodiscard]] std::string_view quote(Notation notation);
/// Nothing for a value that the notation cannot tell.
[[nodiscard]] std::optional<std::string> written(const Json& value, Notation notation);
/// The name of a property as it stands before its value, its colon included.
[[nodiscard]] std::optional<std::string> written_name(const std::string& name, Notation notation);
/// Strings that can be told, and names. Made at the first use. Thread-safe.
[[nodiscard]] const Automaton& strings_in(Notation notation);
[[nodiscard]] const Automaton& names_in(Notation notation);
/// Gemma 4's template shows parameters and earlier calls by their names, in whatever case, and its models
/// write properties in that order, not the schema's.
[[nodiscard]] bool gemma4_order(const std::string& a, const std::string& b);

}  // namespace bastide::models::schema
