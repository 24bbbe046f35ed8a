// Which passwords are taken: NIST SP 800-63B-4, section 3.1.1.2: length and a blocklist, no rules of
// composition.
#pragma once

#include <string_view>

#include "base/result.h"

namespace bastide::identity {

inline constexpr std::size_t password_code_points_min = 10;
inline constexpr std::size_t password_bytes_max = 1024;

/// `password` is normalised. Code::invalid with detail "password_short", "password_long", "password_own" (it
/// is the e-mail, its parts or the name, perhaps with a few signs around) or "password_common".
[[nodiscard]] Result<void> check_password(std::string_view password, std::string_view email,
                                          std::string_view name);

}  // namespace bastide::identity
