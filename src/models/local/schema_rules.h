// The rules of a schema, put where a chat template's grammar wants them.
#pragma once

#include <string>
#include <string_view>

#include "models/schema/grammar.h"

namespace bastide::models::local {

/// As llama.cpp names rules.
[[nodiscard]] std::string rule_name(std::string_view name);
/// Stands for the schema of an answer while a template's grammar is made around it: a schema whose one value
/// is found again in the grammar.
extern const std::string schema_stand_in;

/// The grammar of which `schema` is all.
[[nodiscard]] std::string whole_grammar(const schema::Grammar& schema);
/// False: `grammar` does not hold the stand-in.
[[nodiscard]] bool replace_stand_in(std::string& grammar, const schema::Grammar& schema);
/// The schema itself where a template has shown the stand-in.
void show_schema(std::string& prompt, std::string_view schema_json);
/// What was made of a tool's parameters. False: the template does not make one rule of them.
bool replace_tool_rule(std::string& grammar, std::string_view tool, const schema::Grammar& parameters);

}  // namespace bastide::models::local
