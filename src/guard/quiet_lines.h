// Lines of code and of logs, where capitals say little of names.
#pragma once

#include <string_view>

namespace bastide::guard {

/// 32 bytes behind `line` may be read.
[[nodiscard]] bool is_quiet(std::string_view line);

}  // namespace bastide::guard
