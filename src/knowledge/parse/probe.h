// Lets a parser process try forbidden deeds, so that tests see the sandbox hold.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "knowledge/parse/parse.h"
#include "knowledge/parse/wire.h"

namespace bastide::knowledge::parse::detail {

/// "allowed", "denied", "alive", or what the deed found out; an error when the sandbox ended the process.
[[nodiscard]] Result<std::string> probe(Probe what, Nursery& nursery, const ParseLimits& limits = {},
                                        std::stop_token stop = {});

}  // namespace bastide::knowledge::parse::detail
