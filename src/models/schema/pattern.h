// What a pattern says of a whole string.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "models/schema/automaton.h"

namespace bastide::models::schema {

/// The strings in which `pattern` is found, as JSON Schema means it: anywhere, unless it is anchored. The
/// error says for people why it is not kept.
[[nodiscard]] std::expected<Automaton, std::string> strings_with(std::string_view pattern);

}  // namespace bastide::models::schema
