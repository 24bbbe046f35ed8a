#include "models/local/schema_rules.h"

#include <cctype>

namespace bastide::models::local {
namespace {

const std::string marker = "the schema of this answer";

void add_rules(std::string& grammar, const schema::Grammar& schema) {
  if (!grammar.ends_with('\n')) grammar += '\n';
  grammar += schema.rules;
}

/// As llama.cpp names rules.
std::string rule_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    if (is_kept || !out.ends_with('-')) out += is_kept ? c : '-';
  }
  return out;
}

}  // namespace

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
  const std::string head = rule_name("tool-" + std::string(tool) + "-schema") + " ::= ";
  auto at = grammar.starts_with(head) ? 0 : grammar.find("\n" + head);
  if (at == std::string::npos) return false;
  if (at > 0) ++at;
  at += head.size();
  const auto end = grammar.find('\n', at);
  grammar.replace(at, end == std::string::npos ? std::string::npos : end - at, parameters.root);
  add_rules(grammar, parameters);
  return true;
}

}  // namespace bastide::models::local
