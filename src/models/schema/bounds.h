// How large a schema may be that is not turned into a grammar here, but by a converter that knows no bounds.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.h"

namespace bastide::models::schema {

/// Not too deep, not too large, few optional properties beside each other, and references that do not
/// multiply. `where` is the field that held the schema. Code::invalid, bad_request.
[[nodiscard]] Result<void> check_bounds(const nlohmann::ordered_json& schema, std::string_view where);

}  // namespace bastide::models::schema
