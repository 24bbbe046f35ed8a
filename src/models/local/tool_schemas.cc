#include "models/local/tool_schemas.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "models/schema/bounds.h"

namespace bastide::models::local {
namespace {

using Json = nlohmann::ordered_json;

const Json* find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<ToolRules>> read_tool_schemas(const Json& body, schema::Notation notation) {
  std::vector<ToolRules> out;
  const Json* tools = find(body, "tools");
  if (!tools || !tools->is_array()) return out;
  for (std::size_t index = 0; index < tools->size(); ++index) {
    const Json* function = find((*tools)[index], "function");
    const Json* parameters = function ? find(*function, "parameters") : nullptr;
    if (!parameters || !parameters->is_object()) continue;
    const auto where = fmt::format("tools[{}].function.parameters", index);
    if (auto bounded = schema::check_bounds(*parameters, where); !bounded) return pass(bounded);
    const Json* strict = find(*function, "strict");
    const Json* name = find(*function, "name");
    const bool is_strict = strict && *strict == true;
    if (!name || !name->is_string() || !(is_strict || notation != schema::Notation::json)) continue;
    auto made = schema::grammar_of(*parameters, where, fmt::format("tool-{}-schema-", index), notation);
    if (!made && is_strict) return pass(made);
    if (made) out.push_back({name->get<std::string>(), std::move(*made)});
  }
  // Two names that are one to llama.cpp, or the same twice, leave it open which rule is whose.
  const auto is_alone = [&](const ToolRules& tool) {
    return std::ranges::count(out, tool.name, &ToolRules::name) == 1;
  };
  std::erase_if(out, [&](const ToolRules& tool) { return !is_alone(tool); });
  return out;
}

}  // namespace bastide::models::local
