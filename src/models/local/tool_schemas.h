// The schemas of a call's tools: strict ones are kept exactly. The others are kept as far as llama.cpp does
// where arguments are JSON, and exactly where they can be in another notation, of which it keeps nothing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/schema/grammar.h"

namespace bastide::models::local {

struct ToolRules {
  std::string name;
  schema::Grammar parameters;
};

/// Of `body.tools`. Code::invalid, bad_request: a strict tool's schema cannot be guaranteed, or any tool's is
/// too large; the message has the place.
[[nodiscard]] Result<std::vector<ToolRules>> read_tool_schemas(const nlohmann::ordered_json& body,
                                                               schema::Notation notation);

}  // namespace bastide::models::local
