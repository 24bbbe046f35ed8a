#include "models/schema/notation.h"

#include <algorithm>

#include "base/text.h"
#include "models/schema/pattern.h"

namespace bastide::models::schema {
namespace {

/// One token of Gemma 4's.
constexpr std::string_view gemma4_quote = R"(<|"|>)";

std::optional<std::string> written_by_gemma4(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.find(gemma4_quote) != std::string::npos) return std::nullopt;
    return std::string(gemma4_quote) + text + std::string(gemma4_quote);
  }
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> names;
  for (const auto& [name, each] : value.items()) names.push_back(name);  // of an array: its places
  if (value.is_object()) std::ranges::sort(names, gemma4_order);
  std::string out;
  for (std::size_t each = 0; each < names.size(); ++each) {
    const auto name = value.is_object() ? written_name(names[each], Notation::gemma4) : std::string();
    const auto part = written_by_gemma4(value.is_object() ? value.at(names[each]) : value.at(each));
    if (!name || !part) return std::nullopt;
    out += (each > 0 ? "," : "") + *name + *part;
  }
  return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace

std::string_view quote(Notation notation) { return notation == Notation::json ? "\"" : gemma4_quote; }

std::optional<std::string> written(const Json& value, Notation notation) {
  return notation == Notation::json ? value.dump() : written_by_gemma4(value);
}

std::optional<std::string> written_name(const std::string& name, Notation notation) {
  if (notation == Notation::json) return Json(name).dump() + ":";
  return names_in(notation).accepts(name) ? std::optional(name + ":") : std::nullopt;
}

const Automaton& strings_in(Notation notation) {
  static const auto all = Automaton::everything();
  static const auto unquoted = strings_with(R"(<\|"\|>)")->complement();
  return notation == Notation::json ? all : unquoted;
}

const Automaton& names_in(Notation notation) {
  static const auto all = Automaton::everything();
  static const auto plain = *strings_with(R"(^[^\s:}][^:}]*$)");
  return notation == Notation::json ? all : plain;
}

bool gemma4_order(const std::string& a, const std::string& b) {
  return std::pair(ascii_lower(a), a) < std::pair(ascii_lower(b), b);
}

}  // namespace bastide::models::schema
