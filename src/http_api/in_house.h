// The house's own calls: answered by the same routes as those of the port, without a connection.
#pragma once

#include "batches/batches.h"
#include "http_api/routes.h"

namespace bastide::http_api {

/// Answers as the port would answer this person: what is known of the caller is taken as it is, all else (the
/// key's rights, limits, budgets, label, guard, route, receipt) is decided as for every call.
[[nodiscard]] Task<batches::LineAnswer> ask_in_house(const HouseDoor& door, batches::LineCall call);

}  // namespace bastide::http_api
