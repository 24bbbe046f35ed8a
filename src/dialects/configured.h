// What the configuration says of a provider, in this room's words.
#pragma once

#include <string>
#include <string_view>

#include "base/config.h"
#include "dialects/dialect.h"

namespace bastide::dialects {

/// The dialect of a provider's chat calls.
[[nodiscard]] Dialect spoken(bastide::Dialect configured);

/// `base_url` with the version of the dialect's paths, where it does not end in one: "https://host" and
/// "https://host/v1" are the same provider. OpenAI's is left as it is: some servers like it have no version.
[[nodiscard]] std::string api_root(Dialect dialect, std::string_view base_url);

}  // namespace bastide::dialects
