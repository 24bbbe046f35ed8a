#include "models/local/tool_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bastide::models::local {
namespace {

using Json = nlohmann::json;
using Mode = ToolChoice::Mode;

constexpr std::size_t tools_max = 1024;
constexpr std::size_t name_bytes_max = 256;  // four times what OpenAI takes

std::unexpected<Error> bad(std::string message) {
  return fail(Code::invalid, std::move(message), "bad_request");
}

/// Null counts as not given.
const Json* find(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found == body.end() || found->is_null() ? nullptr : &*found;
}

/// The name of {"type":"function","function":{"name"}}; empty: it is something else.
std::string function_name(const Json& tool) {
  const Json* type = tool.is_object() ? find(tool, "type") : nullptr;
  if (!type || *type != "function") return {};
  const Json* function = find(tool, "function");
  const Json* name = function && function->is_object() ? find(*function, "name") : nullptr;
  return name && name->is_string() ? name->get<std::string>() : std::string();
}

Result<std::vector<std::string>> names_of(const Json& tools, std::string_view field) {
  if (!tools.is_array() || tools.size() > tools_max)
    return bad(fmt::format("\"{}\" is a list of at most {} tools.", field, tools_max));
  std::vector<std::string> out;
  for (const auto& tool : tools) {
    out.push_back(function_name(tool));
    if (out.back().empty())
      return bad(fmt::format("Each of \"{}\" is a function with a name: a local model takes no other tools.",
                             field));
    if (out.back().size() > name_bytes_max)
      return bad(fmt::format("A name in \"{}\" is longer than {} bytes.", field, name_bytes_max));
  }
  return out;
}

Result<Mode> mode_of(const Json& word, std::string_view field) {
  if (word == "auto") return Mode::automatic;
  if (word == "none") return Mode::none;
  if (word == "required") return Mode::required;
  return bad(fmt::format("\"{}\" is none, auto, required, or an object that names tools.", field));
}

Result<ToolChoice> read_object(const Json& choice) {
  ToolChoice out{Mode::required};
  if (const auto name = function_name(choice); !name.empty()) {
    out.names = {name};
    return out;
  }
  const Json* allowed = find(choice, "allowed_tools");
  const Json* tools = allowed && allowed->is_object() ? find(*allowed, "tools") : nullptr;
  if (!tools) return bad("\"tool_choice\" names a function, or the \"tools\" of \"allowed_tools\".");
  const Json* said = find(*allowed, "mode");
  auto mode = said ? mode_of(*said, "tool_choice.allowed_tools.mode") : Mode::automatic;
  if (!mode) return pass(mode);
  auto names = names_of(*tools, "tool_choice.allowed_tools.tools");
  if (!names) return pass(names);
  if (names->empty()) return bad("\"tool_choice.allowed_tools.tools\" names no tool.");
  out.mode = *mode;
  out.names = std::move(*names);
  return out;
}

}  // namespace

Result<ToolChoice> read_tool_choice(const Json& body) {
  const Json* tools = find(body, "tools");
  auto known = tools ? names_of(*tools, "tools") : std::vector<std::string>();
  if (!known) return pass(known);
  const Json* choice = find(body, "tool_choice");
  if (!choice) return ToolChoice{};
  Result<ToolChoice> out;
  if (choice->is_object()) {
    out = read_object(*choice);
  } else {
    auto mode = mode_of(*choice, "tool_choice");
    if (!mode) return pass(mode);
    out = ToolChoice{*mode};
  }
  if (!out) return out;
  for (const auto& name : out->names)
    if (std::ranges::find(*known, name) == known->end())
      return bad("\"tool_choice\" names a tool that is none of \"tools\".");
  if (out->mode == Mode::required && known->empty())
    return bad("\"tool_choice\" asks for a tool, and there are no \"tools\".");
  return out;
}

}  // namespace bastide::models::local
