#include "models/schema/values.h"

#include <algorithm>

#include "base/text.h"

namespace bastide::models::schema {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::optional<std::uint64_t> least(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// The bound that leaves less.
std::optional<Bound> tighter(const std::optional<Bound>& a, const std::optional<Bound>& b, bool is_min) {
  if (!a || !b) return a ? a : b;
  if (a->value == b->value) return a->is_strict ? a : b;
  return (a->value > b->value) == is_min ? a : b;
}

Numbers both(const Numbers& a, const Numbers& b) {
  Numbers out = a;
  out.integers_only |= b.integers_only;
  out.min = tighter(a.min, b.min, true);
  out.max = tighter(a.max, b.max, false);
  append(out.multiples, b.multiples);
  if (!out.multiples_at) out.multiples_at = b.multiples_at;
  return out;
}

Strings both(const Strings& a, const Strings& b) {
  Strings out = a;
  out.min_length = std::max(a.min_length, b.min_length);
  out.max_length = least(a.max_length, b.max_length);
  append(out.languages, b.languages);
  append(out.formats, b.formats);
  if (!out.patterns_at) out.patterns_at = b.patterns_at;
  return out;
}

Arrays both(const Arrays& a, const Arrays& b) {
  Arrays out = a;
  append(out.layers, b.layers);
  append(out.contains, b.contains);
  out.min = std::max(a.min, b.min);
  out.max = least(a.max, b.max);
  out.are_unique |= b.are_unique;
  if (!out.unique_at) out.unique_at = b.unique_at;
  return out;
}

Objects both(const Objects& a, const Objects& b) {
  Objects out = a;
  append(out.layers, b.layers);
  append(out.names, b.names);
  for (const auto& name : b.required)
    if (!is_required(a, name)) out.required.push_back(name);
  out.min = std::max(a.min, b.min);
  out.max = least(a.max, b.max);
  if (!out.min_at) out.min_at = b.min_at;
  return out;
}

template <class T>
std::optional<T> both_kinds(const std::optional<T>& a, const std::optional<T>& b) {
  return a && b ? std::optional(both(*a, *b)) : std::nullopt;
}

bool is_multiple(const Decimal& value, const Decimal& of) {
  const auto places = std::max(value.fraction.size(), of.fraction.size());
  const auto number = value.scaled(places);
  const auto unit = of.scaled(places);
  return number && unit && *unit > 0 && *number % *unit == 0;
}

}  // namespace

const Goal& never() {
  static const Json no_value = false;
  static const Goal out{{&no_value, false}};
  return out;
}

void add(Goal& goal, const Goal& more) {
  for (const auto& each : more)
    if (std::ranges::find(goal, each) == goal.end()) goal.push_back(each);
}

Values Values::any() {
  Values out;
  out.has_null = out.has_true = out.has_false = true;
  out.numbers.emplace();
  out.strings.emplace();
  out.arrays.emplace();
  out.objects.emplace();
  return out;
}

Values Values::of(std::vector<Json> list) {
  Values out;
  out.list = std::move(list);
  return out;
}

bool Values::empty() const {
  if (list) return list->empty();
  return !has_null && !has_true && !has_false && !numbers && !strings && !arrays && !objects;
}

std::size_t Values::size() const {
  std::size_t out = 1 + (list ? list->size() : 0);
  if (objects) {
    out += objects->required.size() + objects->names.size();
    for (const auto& each : objects->layers) out += 1 + each.properties.size() + each.patterns.size();
  }
  if (arrays)
    for (const auto& each : arrays->layers) out += 1 + each.prefix.size();
  return out;
}

Values both(const Values& a, const Values& b) {
  Values out;
  out.has_null = a.has_null && b.has_null;
  out.has_true = a.has_true && b.has_true;
  out.has_false = a.has_false && b.has_false;
  out.numbers = both_kinds(a.numbers, b.numbers);
  if (out.numbers && is_empty(*out.numbers)) out.numbers.reset();
  out.strings = both_kinds(a.strings, b.strings);
  if (out.strings && out.strings->max_length && *out.strings->max_length < out.strings->min_length)
    out.strings.reset();
  out.arrays = both_kinds(a.arrays, b.arrays);
  if (out.arrays && out.arrays->max && *out.arrays->max < out.arrays->min) out.arrays.reset();
  out.objects = both_kinds(a.objects, b.objects);
  return out;
}

bool is_required(const Objects& objects, const std::string& name) {
  return std::ranges::find(objects.required, name) != objects.required.end();
}

Goal goal_of(const Objects& objects, const std::string& name) {
  Goal out;
  for (const auto& layer : objects.layers) {
    bool is_named = false;
    for (const auto& [each, goal] : layer.properties)
      if (each == name) {
        is_named = true;
        add(out, goal);
      }
    for (const auto& [language, goal] : layer.patterns)
      if (language->accepts(name)) {
        is_named = true;
        add(out, goal);
      }
    if (!is_named && layer.rest) add(out, *layer.rest);
  }
  return out;
}

Goal goal_of(const Arrays& arrays, std::uint64_t index) {
  Goal out;
  for (const auto& layer : arrays.layers) {
    if (index < layer.prefix.size())
      add(out, layer.prefix[index]);
    else if (layer.rest)
      add(out, *layer.rest);
  }
  return out;
}

std::vector<std::string> names_of(const Objects& objects) {
  std::vector<std::string> out;
  std::vector<std::string_view> known;
  const auto note = [&](const std::string& name) {
    const auto at = std::ranges::lower_bound(known, name);
    if (at != known.end() && *at == name) return;
    known.insert(at, name);
    out.push_back(name);
  };
  for (const auto& layer : objects.layers)
    for (const auto& [name, goal] : layer.properties) note(name);
  for (const auto& name : objects.required) note(name);
  return out;
}

std::uint64_t prefix_size(const Arrays& arrays) {
  std::uint64_t out = 0;
  for (const auto& layer : arrays.layers) out = std::max<std::uint64_t>(out, layer.prefix.size());
  return out;
}

bool contains(const Numbers& numbers, const Decimal& value) {
  if (numbers.integers_only && !value.is_integer()) return false;
  if (numbers.min && (value < numbers.min->value || (numbers.min->is_strict && value == numbers.min->value)))
    return false;
  if (numbers.max && (value > numbers.max->value || (numbers.max->is_strict && value == numbers.max->value)))
    return false;
  return std::ranges::all_of(numbers.multiples,
                             [&](const Decimal& each) { return is_multiple(value, each); });
}

bool contains(const Strings& strings, const std::string& value) {
  const auto size = count_code_points(value);
  if (size < strings.min_length || (strings.max_length && size > *strings.max_length)) return false;
  return std::ranges::all_of(strings.languages, [&](const auto& each) { return each->accepts(value); });
}

bool is_empty(const Numbers& numbers) {
  if (!numbers.min || !numbers.max) return false;
  const auto& min = *numbers.min;
  const auto& max = *numbers.max;
  return min.value > max.value || (min.value == max.value && (min.is_strict || max.is_strict));
}

}  // namespace bastide::models::schema
