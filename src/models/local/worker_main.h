// `bastide worker`: the process that holds one model.
#pragma once

#include <string>
#include <vector>

namespace bastide::models {

/// Runs until the socket closes; returns the process's exit code. `args` are those after the word `worker`:
/// --model FILE --fd N --parent PID --kind chat|embedding --context TOKENS --slots N --threads N.
int worker_main(const std::vector<std::string>& args);

}  // namespace bastide::models
