#include "models/local/schema_rules.h"

#include <algorithm>
#include <cctype>

namespace bastide::models::local {
namespace {

const std::string marker = "the schema of this answer";

void add_rules(std::string& grammar, const schema::Grammar& schema) {
  if (!grammar.ends_with('\n')) grammar += '\n';
  grammar += schema.rules;
}

/// What `rule` is, in `grammar`; empty: it is not there.
std::string_view body_of(std::string_view grammar, std::string_view rule) {
  const std::string head = std::string(rule) + " ::= ";
  for (std::size_t line = 0; line < grammar.size();) {
    const auto end = std::min(grammar.find('\n', line), grammar.size());
    if (grammar.substr(line).starts_with(head))
      return grammar.substr(line + head.size(), end - line - head.size());
    line = end + 1;
  }
  return {};
}

}  // namespace

std::string rule_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    if (is_kept || !out.ends_with('-')) out += is_kept ? c : '-';
  }
  return out;
}

const std::string schema_stand_in = R"({"const":")" + marker + R"("})";

std::string whole_grammar(const schema::Grammar& schema) {
  return "root ::= " + schema.root + "\n" + schema.rules;
}

bool replace_stand_in(std::string& grammar, const schema::Grammar& schema) {
  const std::string literal = R"("\")" + marker + R"(\"")";
  bool found = false;
  for (auto at = grammar.find(literal); at != std::string::npos; at = grammar.find(literal, at)) {
    grammar.replace(at, literal.size(), schema.root);
    found = true;
  }
  if (found) add_rules(grammar, schema);
  return found;
}

void show_schema(std::string& prompt, std::string_view schema_json) {
  const auto at = prompt.rfind(marker);
  if (at == std::string::npos) return;
  const auto begin = prompt.rfind('{', at);
  const auto end = prompt.find('}', at);
  if (begin == std::string::npos || end == std::string::npos) return;
  std::string shown = prompt.substr(begin, end + 1 - begin);
  const auto value = shown.find(marker);
  std::string bare = shown.substr(0, value) + shown.substr(value + marker.size());
  std::erase_if(bare, [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; });
  if (bare == R"({"const":""})") prompt.replace(begin, shown.size(), schema_json);
}

bool replace_tool_rule(std::string& grammar, std::string_view tool, const schema::Grammar& parameters) {
  auto replaced = body_of(grammar, rule_name("tool-" + std::string(tool) + "-schema"));
  if (replaced.empty()) {  // Gemma 4's: the name, and anything in braces
    const auto body = body_of(grammar, rule_name("tool-" + std::string(tool)));
    constexpr std::string_view arguments = "gemma4-dict";
    if (body.ends_with(arguments)) replaced = body.substr(body.size() - arguments.size());
  }
  if (replaced.empty()) return false;
  grammar.replace(static_cast<std::size_t>(replaced.data() - grammar.data()), replaced.size(),
                  parameters.root);
  add_rules(grammar, parameters);
  return true;
}

}  // namespace bastide::models::local
