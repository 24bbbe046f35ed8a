// `bastide model list|pull|import|keep|remove`: what the command line calls.
#pragma once

#include <string>
#include <vector>

#include "base/config.h"

namespace bastide::models {

/// `args` are those after the word `model`: list [--available] [--json] | pull NAME [--json] |
/// machine | import FILE [--name NAME] [--base MODEL | --vision MMPROJ] | keep NAME [--not] |
/// remove NAME | bench NAME [--json]. Returns the exit code: 0, 1 when it failed (the reason and what to do
/// are on standard error), 2 for wrong usage. Works beside a running server, which sees the change within a
/// second.
int model_command(const Config& config, const std::string& data_folder, const std::vector<std::string>& args);

}  // namespace bastide::models
