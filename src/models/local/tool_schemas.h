// The schemas of a call's tools: strict ones are kept exactly, the others as far as llama.cpp does.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/schema/grammar.h"

namespace bastide::models::local {

struct StrictTool {
  std::string name;
  schema::Grammar parameters;
};

/// Of `body.tools`. Code::invalid, bad_request: a strict tool's schema cannot be guaranteed, or any tool's is
/// too large; the message has the place.
[[nodiscard]] Result<std::vector<StrictTool>> read_tool_schemas(const nlohmann::ordered_json& body);

}  // namespace bastide::models::local
