// `bastide model bench`: what this machine does with a model, measured now.
#pragma once

#include <string>

#include "base/result.h"
#include "models/catalogue/manifest.h"
#include "models/catalogue/speed.h"

namespace bastide::models {

/// Loads the model into this process and computes for some seconds. Code::unavailable with load_failed or
/// not_enough_memory.
[[nodiscard]] Result<Speed> measure_speed(const Manifest& manifest);
/// Writes it beside the model `id` of `folder`, if that is still the one of `sha256`. false: it is not, or
/// was not installed there.
[[nodiscard]] Result<bool> keep_speed(const std::string& id, const std::string& sha256, const Speed& speed,
                                      const std::string& folder);

}  // namespace bastide::models
