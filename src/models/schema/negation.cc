// What a schema does not allow, as kinds of values: of "not", of "if" that does not hold, of the other
// branches of "oneOf".
#include <algorithm>

#include "models/schema/expansion.h"

namespace bastide::models::schema {
namespace {

constexpr std::size_t numbers_max = 64;

template <class T>
Values only(std::optional<T> Values::* kind, T value) {
  Values out;
  out.*kind = std::move(value);
  return out;
}

/// The kinds that `allowed` lacks wholly.
Values kinds_beside(const Values& allowed) {
  Values out = Values::any();
  out.has_null = !allowed.has_null;
  out.has_true = !allowed.has_true;
  out.has_false = !allowed.has_false;
  if (allowed.numbers) out.numbers.reset();
  if (allowed.strings) out.strings.reset();
  if (allowed.arrays) out.arrays.reset();
  if (allowed.objects) out.objects.reset();
  return out;
}

}  // namespace

Expander::Negation Expander::negate(const Json& schema) {
  if (schema.is_boolean()) return {schema.get<bool>() ? Alternatives{} : Alternatives{Values::any()}, true};
  if (!schema.is_object()) {
    refusal_.malformed(&schema, "schema", "an object, true or false");
    return {};
  }
  if (const auto known = negated_.find(&schema); known != negated_.end()) return known->second;
  const Demand demand{&schema, true};
  if (depth_ >= depth_max || !open_.insert(demand).second) return {{}, false};
  ++depth_;
  auto out = negate_keywords(schema);
  --depth_;
  open_.erase(demand);
  for (auto& each : out.alternatives) {
    if (each.objects)
      for (auto& layer : each.objects->layers) layer.annotates = false;
    if (each.arrays)
      for (auto& layer : each.arrays->layers) layer.annotates = false;
  }
  std::erase_if(out.alternatives, [](const Values& each) { return each.empty(); });
  if (out.alternatives.size() > alternatives_max) out = {{}, false};
  return negated_.emplace(&schema, std::move(out)).first->second;
}

Expander::Negation Expander::negate_keywords(const Json& schema) {
  Negation out;
  const auto add = [&](Negation more) {
    std::ranges::move(more.alternatives, std::back_inserter(out.alternatives));
    out.is_all = out.is_all && more.is_all;
  };
  const Values own = assertions_.of(schema);
  out.alternatives.push_back(kinds_beside(own));
  if (own.numbers) negate_numbers(*own.numbers, out);
  if (own.strings) negate_strings(*own.strings, out);
  if (own.arrays) negate_arrays(*own.arrays, out);
  if (own.objects) negate_objects(*own.objects, out);
  if (const auto list = assertions_.list_of(schema)) add(negate_list(*list));
  if (const Json* at = target(schema)) add(negate(*at));
  if (const Json* all = find(schema, "allOf"); all && is_list(schema, "allOf", *all))
    for (const auto& each : *all) add(negate(each));
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const Json* branches = find(schema, keyword);
    if (!branches || !is_list(schema, keyword, *branches)) continue;
    Negation none{{Values::any()}, keyword[0] == 'a'};  // that several hold is left out
    for (const auto& each : *branches) {
      const auto more = negate(each);
      none = {product(none.alternatives, more.alternatives), none.is_all && more.is_all};
    }
    add(std::move(none));
  }
  if (const Json* other = find(schema, "not")) add({expand(goal_at(*other)), true});
  for (const char* keyword : {"if", "dependentRequired", "dependentSchemas", "dependencies",
                              "unevaluatedProperties", "unevaluatedItems"})
    if (find(schema, keyword)) out.is_all = false;
  return out;
}

void Expander::negate_numbers(const Numbers& numbers, Negation& out) {
  // Of numbers that are no integers nothing is said here: they are left out.
  if (!numbers.multiples.empty()) out.is_all = false;
  const auto opposite = [](const Bound& bound) { return Bound{bound.value, !bound.is_strict}; };
  if (numbers.min) out.alternatives.push_back(only(&Values::numbers, {.max = opposite(*numbers.min)}));
  if (numbers.max) out.alternatives.push_back(only(&Values::numbers, {.min = opposite(*numbers.max)}));
}

void Expander::negate_strings(const Strings& strings, Negation& out) {
  if (strings.min_length > 0)
    out.alternatives.push_back(only(&Values::strings, {.max_length = strings.min_length - 1}));
  if (strings.max_length)
    out.alternatives.push_back(only(&Values::strings, {.min_length = *strings.max_length + 1}));
  for (const auto& each : strings.languages)
    out.alternatives.push_back(
        only(&Values::strings, {.languages = {std::make_shared<const Automaton>(each->complement())}}));
}

void Expander::negate_arrays(const Arrays& arrays, Negation& out) {
  if (arrays.min > 0) out.alternatives.push_back(only(&Values::arrays, {.max = arrays.min - 1}));
  if (arrays.max) out.alternatives.push_back(only(&Values::arrays, {.min = *arrays.max + 1}));
  const bool says_of_items = std::ranges::any_of(arrays.layers, [](const ArrayLayer& layer) {
    return (layer.rest && !layer.rest->empty()) ||
           std::ranges::any_of(layer.prefix, [](const Goal& goal) { return !goal.empty(); });
  });
  if (says_of_items || arrays.are_unique || !arrays.contains.empty()) out.is_all = false;
}

void Expander::negate_objects(const Objects& objects, Negation& out) {
  const auto with = [](std::string name, Goal goal, bool is_present) {
    Objects made;
    if (is_present) made.required.push_back(name);
    made.layers.push_back({{{std::move(name), std::move(goal)}}, {}, {}});
    return only(&Values::objects, std::move(made));
  };
  for (const auto& name : objects.required) out.alternatives.push_back(with(name, never(), false));
  if (objects.min > 0) out.alternatives.push_back(only(&Values::objects, {.max = objects.min - 1}));
  if (objects.max) out.alternatives.push_back(only(&Values::objects, {.min = *objects.max + 1}));
  if (!objects.names.empty()) out.is_all = false;
  for (const auto& layer : objects.layers) {
    if (!layer.patterns.empty() || (layer.rest && !layer.rest->empty())) out.is_all = false;
    for (const auto& [name, goal] : layer.properties) {
      if (goal.empty()) continue;
      const auto& demand = goal.front();  // of one keyword: one schema
      const auto inner = negate(*demand.schema);
      out.is_all = out.is_all && inner.is_all;
      if (!inner.alternatives.empty()) out.alternatives.push_back(with(name, {{demand.schema, true}}, true));
    }
  }
}

Expander::Negation Expander::negate_list(const std::vector<Json>& list) {
  Negation out;
  Values rest = Values::any();
  std::vector<Decimal> numbers;
  std::vector<std::string> strings;
  for (const auto& value : list) {
    if (value.is_null()) rest.has_null = false;
    if (value.is_boolean()) (value.get<bool>() ? rest.has_true : rest.has_false) = false;
    if (value.is_string()) strings.push_back(value.get<std::string>());
    if (const auto number = Decimal::of(value)) numbers.push_back(*number);
    if (value.is_array()) rest.arrays.reset();
    if (value.is_object()) rest.objects.reset();
    if (value.is_structured()) out.is_all = false;
  }
  if (!strings.empty()) {
    const auto language = Automaton::literals(strings);
    if (language)
      rest.strings->languages.push_back(std::make_shared<const Automaton>(language->complement()));
    else
      rest.strings.reset();
    out.is_all = out.is_all && language.has_value();
  }
  if (!numbers.empty()) {
    rest.numbers.reset();
    std::ranges::sort(numbers);
    if (numbers.size() > numbers_max) {
      out.is_all = false;
    } else {
      std::optional<Bound> min;
      for (const auto& number : numbers) {
        out.alternatives.push_back(only(&Values::numbers, {.min = min, .max = Bound{number, true}}));
        min = Bound{number, true};
      }
      out.alternatives.push_back(only(&Values::numbers, {.min = min}));
    }
  }
  out.alternatives.push_back(std::move(rest));
  return out;
}

}  // namespace bastide::models::schema
