// Which tools a call lets the model use: OpenAI's "tool_choice" beside "tools".
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace bastide::models::local {

struct ToolChoice {
  enum class Mode : std::uint8_t { automatic, none, required };
  Mode mode = Mode::automatic;
  std::vector<std::string> names{};  // these of the tools; empty: any
};

/// "none", "auto", "required", {"type":"function","function":{"name"}} or {"type":"allowed_tools",...}, each
/// of its names among the call's tools. Code::invalid with detail bad_request.
[[nodiscard]] Result<ToolChoice> read_tool_choice(const nlohmann::json& body);

}  // namespace bastide::models::local
