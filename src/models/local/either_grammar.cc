#include "models/local/either_grammar.h"

#include <algorithm>
#include <regex>

namespace bastide::models::local {
namespace {

/// Of a rule's name, as llama.cpp reads them.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/// Where what begins at `at` with `opening` ends: past its closing character.
std::size_t past(std::string_view text, std::size_t at, char opening) {
  const char closing = opening == '[' ? ']' : opening == '{' ? '}' : opening == '#' ? '\n' : opening;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\' && opening != '#')
      ++at;
    else if (text[at] == closing)
      return at + 1;
  }
  return text.size();
}

/// `grammar` with `prefix` before the name of each rule.
std::string renamed(std::string_view grammar, std::string_view prefix) {
  std::string out;
  std::size_t at = 0;
  while (at < grammar.size()) {
    std::size_t end = at + 1;
    if (const char c = grammar[at]; is_word(c)) {
      while (end < grammar.size() && is_word(grammar[end])) ++end;
      out.append(prefix);
    } else if (c == '"' || c == '[' || c == '{' || c == '#') {
      end = past(grammar, at, c);
    }
    out.append(grammar.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace

std::string either_grammar(std::string_view one, std::string_view other) {
  return "root ::= one-root | other-root\n" + renamed(one, "one-") + "\n" + renamed(other, "other-");
}

std::string without_words_before_calls(std::string grammar) {
  const auto root = grammar.starts_with("root ::=") ? 0 : grammar.find("\nroot ::=");
  if (root == std::string::npos) return grammar;
  const auto end = std::min(grammar.find('\n', root + 1), grammar.size());
  // "until-N" is llama.cpp's name for text up to a mark, "tool-call..." for what calls.
  static const std::regex words("until-[0-9]+[?]?( space)? (?=tool-call)");
  const auto line = std::regex_replace(grammar.substr(root, end - root), words, "");
  return grammar.replace(root, end - root, line);
}

std::string with_one_call(std::string grammar) {
  constexpr std::string_view several = "(tool-call space)+";
  if (const auto at = grammar.find(several); at != std::string::npos)
    grammar.replace(at, several.size(), "tool-call space");
  return grammar;
}

}  // namespace bastide::models::local
