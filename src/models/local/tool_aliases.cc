#include "models/local/tool_aliases.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "models/local/schema_rules.h"
#include "models/schema/rules.h"

namespace bastide::models::local {
namespace {

using Json = nlohmann::ordered_json;

/// What llama.cpp has rules "tool-..." of besides tools.
constexpr std::array<std::string_view, 4> taken{"call", "calls", "call-root", "call-first"};
/// Behind a tool's name: rules of its parameters.
constexpr std::array<std::string_view, 2> of_parameters{"-schema", "-arg"};

bool do_clash(const std::vector<common_chat_tool>& tools) {
  std::unordered_set<std::string> rules;
  for (const auto& tool : tools)
    if (!rules.insert(rule_name(tool.name)).second) return true;
  return std::ranges::any_of(rules, [&](const std::string& rule) {
    if (std::ranges::find(taken, rule) != taken.end()) return true;
    return std::ranges::any_of(of_parameters, [&](std::string_view part) {
      for (auto at = rule.find(part); at != std::string::npos; at = rule.find(part, at + 1))
        if (rules.contains(rule.substr(0, at))) return true;
      return false;
    });
  });
}

std::string alias(std::size_t index) { return "bastidetool" + std::to_string(index) + "x"; }

/// Calls `change` with each text that `grammar`, in GBNF, writes literally.
template <class Change>
void change_literals(std::string& grammar, const Change& change) {
  std::string out, literal;
  char closing = 0;  // of a literal, or of a class of characters
  for (std::size_t at = 0; at < grammar.size(); ++at) {
    const char c = grammar[at];
    if (closing == 0) {
      out += c;
      closing = c == '[' ? ']' : c == '"' ? '"' : 0;
    } else if (c == closing) {
      change(literal);
      out += std::exchange(literal, {}) + c;
      closing = 0;
    } else {
      literal += c;
      if (c == '\\' && at + 1 < grammar.size()) literal += grammar[++at];
    }
  }
  grammar = out + literal;
}

}  // namespace

ToolAliases::ToolAliases(std::vector<common_chat_tool>& tools) {
  if (!do_clash(tools)) return;
  for (auto& tool : tools) {
    names_.push_back(tool.name);
    tool.name = alias(names_.size() - 1);
  }
}

std::string ToolAliases::of(const std::string& tool) const {
  const auto found = std::ranges::find(names_, tool);
  return found == names_.end() ? tool : alias(static_cast<std::size_t>(found - names_.begin()));
}

void ToolAliases::undo(common_chat_params& made) const {
  if (empty()) return;
  change_literals(made.grammar, [&](std::string& text) { put_names(text, true); });
  for (auto& trigger : made.grammar_triggers) put_names(trigger.value, false);
  if (made.parser.empty()) return;
  auto parser = Json::parse(made.parser);
  for (auto& part : parser["parsers"]) {
    if (part.contains("literal")) put_names(part["literal"].get_ref<std::string&>(), false);
    if (part.contains("delimiters"))
      for (auto& text : part["delimiters"]) put_names(text.get_ref<std::string&>(), false);
  }
  made.parser = parser.dump();
}

/// `is_gbnf`: in a literal of a grammar.
void ToolAliases::put_names(std::string& text, bool is_gbnf) const {
  for (std::size_t each = 0; each < names_.size(); ++each) {
    const auto from = alias(each);
    const auto quoted = schema::literal(names_[each]).text;
    const auto to = is_gbnf ? quoted.substr(1, quoted.size() - 2) : names_[each];
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }
}

}  // namespace bastide::models::local
