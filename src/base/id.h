// Identifiers: opaque outside, ordered by time inside.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bastide {

/// "prefix_" and 26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random bits (the ULID
/// layout, github.com/ulid/spec), lower case. Ids of one process sort in the order of their making, also
/// within a millisecond. Thread-safe.
[[nodiscard]] std::string new_id(std::string_view prefix);

/// Whether `id` has the shape that new_id(prefix) gives: cheap rejection of outside input.
/// When an id was made; nothing when it is none.
[[nodiscard]] std::optional<UnixMillis> time_of_id(std::string_view id);
[[nodiscard]] bool is_id(std::string_view id, std::string_view prefix);

}  // namespace bastide
