// How many cores this process may use.
#pragma once

namespace bastide {

/// By its affinity mask, as containers and taskset set it; at least 1.
[[nodiscard]] int usable_cores();

}  // namespace bastide
