// JSON schemas as this dialect takes them.
#include <algorithm>
#include <array>
#include <charconv>

#include "dialects/anthropic/anthropic.h"

namespace bastide::dialects::anthropic {
namespace {

using detail::as_array;
using detail::as_object;
using detail::text;

// https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations".
constexpr std::array<std::string_view, 13> bounds{
    "minimum",       "maximum",     "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength",     "maxLength",   "maxItems",         "uniqueItems",      "minProperties",
    "maxProperties", "minContains", "maxContains"};

bool is_bound(std::string_view key, element value) {
  if (key == "minItems") return detail::as_integer(value).value_or(0) > 1;
  return std::ranges::find(bounds, key) != bounds.end();
}

/// Keys whose values are schemas by name, lists of schemas, or one schema.
bool holds_named(std::string_view key) {
  return key == "properties" || key == "$defs" || key == "definitions" || key == "patternProperties";
}
bool holds_list(std::string_view key) { return key == "anyOf" || key == "allOf" || key == "oneOf"; }
bool holds_one(std::string_view key) { return key == "items" || key == "not"; }

void put_schema(JsonWriter& json, const object& schema);

void put_value(JsonWriter& json, element value) {
  if (const auto schema = as_object(value))
    put_schema(json, *schema);
  else
    json.raw(detail::raw(value));
}

void put_schema(JsonWriter& json, const object& schema) {
  std::string notes;
  bool is_object = text(schema, "type") == "object";
  json.object();
  for (const auto [key, inner] : schema) {
    if (is_bound(key, inner)) {
      notes += (notes.empty() ? "" : ", ") + std::string(key) + ": " + detail::raw(inner);
      continue;
    }
    if (key == "description" || key == "additionalProperties") continue;
    const auto named = as_object(inner);
    const auto list = as_array(inner);
    json.key(key == "oneOf" ? std::string_view("anyOf") : key);
    if (holds_named(key) && named) {
      is_object |= key == "properties";
      json.object();
      for (const auto [name, each] : *named) {
        json.key(name);
        put_value(json, each);
      }
      json.end();
    } else if (holds_list(key) && list) {
      json.array();
      for (const auto each : *list) put_value(json, each);
      json.end();
    } else if (holds_one(key)) {
      put_value(json, inner);
    } else {
      json.raw(detail::raw(inner));
    }
  }
  std::string description(text(schema, "description"));
  if (!notes.empty()) description += (description.empty() ? "{" : "\n\n{") + notes + "}";
  if (!description.empty()) json.field("description", description);
  if (is_object) json.field("additionalProperties", false);
  json.end();
}

}  // namespace

Result<std::string> closed_schema(std::string_view schema_json) {
  detail::JsonIn in;
  auto schema = in.object_of(schema_json);
  if (!schema) return pass(schema);
  JsonWriter json;
  put_schema(json, *schema);
  return json.take();
}

Result<std::string> object_schema(std::string_view schema_json) {
  if (schema_json.empty()) return R"({"type":"object","properties":{}})";
  detail::JsonIn in;
  auto schema = in.object_of(schema_json);
  if (!schema) return pass(schema);
  if (text(*schema, "type") == "object") return std::string(schema_json);
  JsonWriter json;
  json.object().field("type", "object");
  for (const auto [key, value] : *schema)
    if (key != "type") json.key(key).raw(detail::raw(value));
  return json.end().take();
}

double claude_version(std::string_view model) {
  double version = 1000;
  bool major = false;
  for (std::size_t from = 0; from <= model.size();) {
    const auto to = std::min(model.find('-', from), model.size());
    const auto word = model.substr(from, to - from);
    from = to + 1;
    const auto digits = word.substr(0, word.find('.'));
    int number = 0;
    const auto end = digits.data() + digits.size();
    const bool numeric =
        !digits.empty() && digits.size() <= 2 && std::from_chars(digits.data(), end, number).ptr == end;
    if (!numeric) {
      if (major) break;
      continue;
    }
    if (major) return version + number / 10.0;
    major = true;
    version = number;
    if (digits.size() + 1 < word.size() && word[digits.size() + 1] >= '0' && word[digits.size() + 1] <= '9')
      return version + (word[digits.size() + 1] - '0') / 10.0;
  }
  return version;
}

}  // namespace bastide::dialects::anthropic
