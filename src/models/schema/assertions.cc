#include "models/schema/assertions.h"

#include <algorithm>
#include <cmath>

#include "models/schema/format.h"
#include "models/schema/pattern.h"

namespace bastide::models::schema {
namespace {

constexpr std::uint64_t count_max = 1'000'000'000'000;

}  // namespace

const Json* find(const Json& schema, const char* keyword) {
  const auto found = schema.find(keyword);
  return found == schema.end() ? nullptr : &*found;
}

Goal goal_at(const Json& part) {
  const bool is_anything = (part.is_boolean() && part.get<bool>()) || (part.is_object() && part.empty());
  return is_anything ? Goal{} : Goal{{&part, false}};
}

Values Assertions::of(const Json& schema) {
  Values out = Values::any();
  read_types(schema, out);
  // Keywords of other kinds than those of "type" say nothing; where they are wrong, that is a mistake all the
  // same.
  Numbers numbers;
  Strings strings;
  Arrays arrays;
  Objects objects;
  read_numbers(schema, out.numbers ? *out.numbers : numbers);
  if (out.strings) read_strings(schema, *out.strings);
  read_arrays(schema, out.arrays ? *out.arrays : arrays);
  read_objects(schema, out.objects ? *out.objects : objects);
  return both(out, Values::any());
}

void Assertions::read_types(const Json& schema, Values& out) {
  const Json* type = find(schema, "type");
  if (!type) return;
  Values allowed;
  const auto allow = [&](const Json& name) {
    const std::string& text = name.is_string() ? name.get_ref<const std::string&>() : "";
    if (text == "null") {
      allowed.has_null = true;
    } else if (text == "boolean") {
      allowed.has_true = allowed.has_false = true;
    } else if (text == "number") {
      allowed.numbers = Numbers{};
    } else if (text == "integer") {
      if (!allowed.numbers) allowed.numbers.emplace().integers_only = true;
    } else if (text == "string") {
      allowed.strings.emplace();
    } else if (text == "array") {
      allowed.arrays.emplace();
    } else if (text == "object") {
      allowed.objects.emplace();
    } else {
      refusal_.malformed(&schema, "type",
                         "null, boolean, integer, number, string, array, object or a list of these");
    }
  };
  if (type->is_array())
    for (const auto& each : *type) allow(each);
  else
    allow(*type);
  out = std::move(allowed);
}

std::optional<std::vector<Json>> Assertions::list_of(const Json& schema) {
  std::optional<std::vector<Json>> out;
  if (const Json* list = find(schema, "enum")) {
    if (!list->is_array()) {
      refusal_.malformed(&schema, "enum", "a list of values");
      return out;
    }
    out.emplace();
    for (const auto& each : *list)
      if (std::ranges::find(*out, each) == out->end()) out->push_back(each);
  }
  if (const Json* value = find(schema, "const")) {
    const bool is_among = !out || std::ranges::find(*out, *value) != out->end();
    out.emplace();
    if (is_among) out->push_back(*value);
  }
  return out;
}

std::optional<std::uint64_t> Assertions::count(const Json& schema, const char* keyword) {
  const Json* value = find(schema, keyword);
  if (!value) return std::nullopt;
  const double read = value->is_number() ? value->get<double>() : -1;
  if (read < 0 || read != std::floor(read)) {
    refusal_.malformed(&schema, keyword, "a whole number that is not negative");
    return std::nullopt;
  }
  return read < static_cast<double>(count_max) ? static_cast<std::uint64_t>(read) : count_max;
}

std::vector<std::string> Assertions::texts(const Json& schema, std::string_view keyword, const Json& value) {
  std::vector<std::string> out;
  if (!value.is_array() || !std::ranges::all_of(value, [](const Json& each) { return each.is_string(); })) {
    refusal_.malformed(&schema, keyword, "a list of names");
    return out;
  }
  for (const auto& each : value) out.push_back(each.get<std::string>());
  return out;
}

void Assertions::read_bound(const Json& schema, const char* inclusive, const char* exclusive, bool is_min,
                            std::optional<Bound>& out) {
  const auto read = [&](const char* keyword, bool is_strict) {
    const Json* value = find(schema, keyword);
    if (!value || (is_strict && value->is_boolean())) return;
    const auto number = Decimal::of(*value);
    if (!number) {
      refusal_.malformed(&schema, keyword, "a number with fewer than 300 digits");
      return;
    }
    const Bound bound{*number, is_strict};
    const bool is_tighter = !out || (is_min ? bound.value > out->value : bound.value < out->value) ||
                            (bound.value == out->value && is_strict);
    if (is_tighter) out = bound;
  };
  read(inclusive, false);
  // In draft 4 it said of the other keyword that it is strict.
  if (const Json* flag = find(schema, exclusive); flag && flag->is_boolean() && out)
    out->is_strict = flag->get<bool>();
  read(exclusive, true);
}

void Assertions::read_numbers(const Json& schema, Numbers& out) {
  read_bound(schema, "minimum", "exclusiveMinimum", true, out.min);
  read_bound(schema, "maximum", "exclusiveMaximum", false, out.max);
  const Json* multiple = find(schema, "multipleOf");
  if (!multiple) return;
  const auto number = Decimal::of(*multiple);
  if (!number || number->is_negative || number->is_zero()) {
    refusal_.malformed(&schema, "multipleOf", "a number above 0");
    return;
  }
  out.multiples.push_back(*number);
  out.multiples_at = &schema;
}

Strings::Language Assertions::language(const Json& schema, const Json& pattern, std::string_view keyword) {
  if (!pattern.is_string()) {
    refusal_.malformed(&schema, keyword, "a text");
    return nullptr;
  }
  const auto& text = pattern.get_ref<const std::string&>();
  if (const auto known = languages_.find(text); known != languages_.end()) return known->second;
  auto made = strings_with(text);
  if (!made) {
    refusal_.not_kept(&schema, keyword, "of the regular expression, " + made.error());
    return nullptr;
  }
  refusal_.spend(text.size() + made->states().size() * made->classes().size());
  return languages_.emplace(text, std::make_shared<const Automaton>(std::move(*made))).first->second;
}

void Assertions::read_strings(const Json& schema, Strings& out) {
  if (const auto min = count(schema, "minLength")) out.min_length = *min;
  out.max_length = count(schema, "maxLength");
  if (const Json* pattern = find(schema, "pattern")) {
    out.patterns_at = &schema;
    if (auto made = language(schema, *pattern, "pattern"); made && !made->is_everything())
      out.languages.push_back(std::move(made));
  }
  if (const Json* format = find(schema, "format")) {
    if (!format->is_string())
      refusal_.malformed(&schema, "format", "a text");
    else if (const auto* strings = strings_of_format(format->get_ref<const std::string&>()))
      out.formats.push_back(strings);
  }
}

void Assertions::read_arrays(const Json& schema, Arrays& out) {
  if (const auto min = count(schema, "minItems")) out.min = *min;
  out.max = count(schema, "maxItems");
  ArrayLayer layer;
  const Json* prefix = find(schema, "prefixItems");
  const Json* items = find(schema, "items");
  if (!prefix && items && items->is_array()) {  // up to draft 2019-09
    prefix = items;
    items = find(schema, "additionalItems");
  }
  if (prefix) {
    if (!prefix->is_array()) {
      refusal_.malformed(&schema, "prefixItems", "a list of schemas");
      return;
    }
    for (const auto& each : *prefix) layer.prefix.push_back(goal_at(each));
  }
  if (items) layer.rest = goal_at(*items);
  if (prefix || items) out.layers.push_back(std::move(layer));
  if (const Json* unique = find(schema, "uniqueItems")) {
    if (!unique->is_boolean()) refusal_.malformed(&schema, "uniqueItems", "true or false");
    out.are_unique = unique->is_boolean() && unique->get<bool>();
    out.unique_at = &schema;
  }
  if (const Json* wanted = find(schema, "contains")) {
    Arrays::Contains contains{goal_at(*wanted), count(schema, "minContains").value_or(1),
                              count(schema, "maxContains"), &schema};
    if (contains.min > 0 || contains.max) out.contains.push_back(std::move(contains));
  }
}

void Assertions::read_objects(const Json& schema, Objects& out) {
  ObjectLayer layer;
  const Json* properties = find(schema, "properties");
  const Json* patterns = find(schema, "patternProperties");
  const Json* rest = find(schema, "additionalProperties");
  if ((properties && !properties->is_object()) || (patterns && !patterns->is_object())) {
    refusal_.malformed(&schema, properties && !properties->is_object() ? "properties" : "patternProperties",
                       "an object of schemas");
    return;
  }
  if (properties)
    for (const auto& [name, part] : properties->items()) layer.properties.emplace_back(name, goal_at(part));
  if (patterns)
    for (const auto& [pattern, part] : patterns->items())
      if (auto made = language(*patterns, pattern, pattern))
        layer.patterns.emplace_back(std::move(made), goal_at(part));
  if (rest) layer.rest = goal_at(*rest);
  if (properties || patterns || rest) out.layers.push_back(std::move(layer));
  if (const Json* names = find(schema, "propertyNames")) out.names.push_back(goal_at(*names));
  if (const Json* required = find(schema, "required"); required && !required->is_boolean())
    for (auto& name : texts(schema, "required", *required))
      if (!is_required(out, name)) out.required.push_back(std::move(name));
  if (const auto min = count(schema, "minProperties")) {
    out.min = *min;
    out.min_at = &schema;
  }
  out.max = count(schema, "maxProperties");
}

}  // namespace bastide::models::schema
