// Fields in either spelling, ids, schemas, versions.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "dialects/gemini/gemini.h"

namespace bastide::dialects::gemini {
namespace {

constexpr std::string_view made = "gemini_";

std::string snake(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital) out += '_';
    out += capital ? static_cast<char>(c + 32) : c;
  }
  return out;
}

void put_schema(JsonWriter& json, const object& schema, int depth) {
  constexpr int depth_max = 64;
  json.object();
  const auto nullable = field(schema, "nullable");
  const bool null = nullable && detail::as_flag(*nullable).value_or(false);
  for (const auto [key, value] : schema) {
    const auto word = detail::as_text(value);
    const auto inner = detail::as_object(value);
    const auto list = detail::as_array(value);
    if (key == "nullable" || key == "propertyOrdering" || key == "property_ordering") continue;
    json.key(camel(key));
    if (key == "type" && word) {
      const auto type = ascii_lower(*word);
      if (null)
        json.array().value(type).value("null").end();
      else
        json.value(type);
    } else if (key == "properties" && inner && depth < depth_max) {
      json.object();
      for (const auto [name, each] : *inner) {
        json.key(name);
        if (const auto part = detail::as_object(each))
          put_schema(json, *part, depth + 1);
        else
          json.raw(detail::raw(each));
      }
      json.end();
    } else if (key == "items" && inner && depth < depth_max) {
      put_schema(json, *inner, depth + 1);
    } else if ((key == "anyOf" || key == "any_of") && list && depth < depth_max) {
      json.array();
      for (const auto each : *list)
        if (const auto part = detail::as_object(each)) put_schema(json, *part, depth + 1);
      json.end();
    } else {
      json.raw(detail::raw(value));
    }
  }
  json.end();
}

}  // namespace

std::string camel(std::string_view name) {
  std::string out;
  bool capital = false;
  for (const char c : name) {
    if (c == '_' && !out.empty()) {
      capital = true;
      continue;
    }
    out += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    capital = false;
  }
  return out;
}

std::optional<element> field(const object& from, std::string_view name) {
  element value;
  if (from[name].get(value) == simdjson::SUCCESS && !value.is_null()) return value;
  const bool plain = std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (plain || from[snake(name)].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::string_view text_field(const object& from, std::string_view name) {
  const auto value = field(from, name);
  return value ? detail::as_text(*value).value_or(std::string_view{}) : std::string_view{};
}

std::optional<object> object_field(const object& from, std::string_view name) {
  const auto value = field(from, name);
  return value ? detail::as_object(*value) : std::nullopt;
}

std::optional<array> array_field(const object& from, std::string_view name) {
  const auto value = field(from, name);
  return value ? detail::as_array(*value) : std::nullopt;
}

void keep_others(const object& from, std::initializer_list<std::string_view> known, Others& out,
                 std::string_view prefix) {
  for (const auto [key, value] : from) {
    auto name = camel(key);
    if (std::ranges::find(known, name) == known.end() && !value.is_null())
      out.push_back({own, std::string(prefix) + name, detail::raw(value)});
  }
}

std::string made_id(std::string_view seed) {
  // Never short enough to be taken as it is.
  return std::string(made) +
         detail::call_id(std::string(seed) + "/…", detail::IdCharacters::alphanumeric, 20, 20);
}

bool is_made(std::string_view id) { return id.starts_with(made); }

std::string json_schema_of(const object& schema) {
  JsonWriter json;
  put_schema(json, schema, 0);
  return json.take();
}

double gemini_version(std::string_view model) {
  const auto begin = model.find("gemini-");
  double version = 1000;
  if (begin == std::string_view::npos) return version;
  const auto rest = model.substr(begin + 7);
  const auto number = rest.substr(0, rest.find('-'));
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), version);
  return error == std::errc() && version > 0 ? version : 1000;
}

}  // namespace bastide::dialects::gemini
