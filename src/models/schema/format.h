// The values of "format" that answers keep. By the standard they are annotations; here they hold all the
// same, in one way of writing them that every validator takes.
#pragma once

#include <span>
#include <string_view>

#include "models/schema/automaton.h"

namespace bastide::models::schema {

/// Null for formats that remain annotations. Made at the first use. Thread-safe.
[[nodiscard]] const Automaton* strings_of_format(std::string_view name);
[[nodiscard]] std::span<const std::string_view> kept_formats();

}  // namespace bastide::models::schema
