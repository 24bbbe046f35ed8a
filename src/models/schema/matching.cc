// Whether a value is allowed, and whether two schemas can both allow one.
#include <algorithm>

#include "models/schema/expansion.h"

namespace bastide::models::schema {
namespace {

constexpr int apart_depth_max = 4;

bool are_all_different(const Json& array) {
  for (std::size_t a = 0; a < array.size(); ++a)
    for (std::size_t b = a + 1; b < array.size(); ++b)
      if (array[a] == array[b]) return false;
  return true;
}

std::size_t size_of(const Objects& objects) {
  std::size_t out = objects.layers.size();
  for (const auto& each : objects.layers) out += each.properties.size() + each.patterns.size();
  return out;
}

std::optional<Automaton> language_of(const Strings& strings) {
  auto out = std::optional(Automaton::everything());
  for (const auto& each : strings.languages)
    if (out) out = out->intersection(*each);
  return out;
}

}  // namespace

bool Expander::matches(const Json& value, const Goal& goal) {
  return std::ranges::any_of(expand(goal), [&](const Values& each) { return matches(value, each); });
}

bool Expander::matches(const Json& value, const Values& values) {
  refusal_.spend(1);
  if (values.list) return std::ranges::find(*values.list, value) != values.list->end();
  switch (value.type()) {
    case Json::value_t::null:
      return values.has_null;
    case Json::value_t::boolean:
      return value.get<bool>() ? values.has_true : values.has_false;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float: {
      const auto number = Decimal::of(value);
      return values.numbers && number && contains(*values.numbers, *number);
    }
    case Json::value_t::string:
      return values.strings && contains(*values.strings, value.get_ref<const std::string&>());
    case Json::value_t::array: {
      if (!values.arrays) return false;
      const auto& arrays = *values.arrays;
      refusal_.spend(value.size() * (arrays.are_unique ? value.size() : 1));
      if (value.size() < arrays.min || (arrays.max && value.size() > *arrays.max)) return false;
      if (arrays.are_unique && !are_all_different(value)) return false;
      for (std::size_t index = 0; index < value.size(); ++index)
        if (!matches(value[index], goal_of(arrays, index))) return false;
      return std::ranges::all_of(arrays.contains, [&](const Arrays::Contains& each) {
        const auto count = static_cast<std::uint64_t>(
            std::ranges::count_if(value, [&](const Json& item) { return matches(item, each.goal); }));
        return count >= each.min && (!each.max || count <= *each.max);
      });
    }
    case Json::value_t::object: {
      if (!values.objects) return false;
      const auto& objects = *values.objects;
      refusal_.spend(value.size() * size_of(objects));
      if (value.size() < objects.min || (objects.max && value.size() > *objects.max)) return false;
      if (!std::ranges::all_of(objects.required, [&](const auto& name) { return value.contains(name); }))
        return false;
      for (const auto& [name, part] : value.items()) {
        if (!matches(part, goal_of(objects, name))) return false;
        for (const auto& goal : objects.names)
          if (!matches(Json(name), goal)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

/// Proves it, or says false.
bool Expander::are_apart(const Goal& a, const Goal& b, int depth) {
  if (depth > apart_depth_max || refusal_.is_said()) return false;
  const auto& left = expand(a);
  const auto& right = expand(b);
  if (refusal_.is_said()) {  // by a schema that is being read: it is not known yet
    refusal_.take_back();
    return false;
  }
  return std::ranges::all_of(left, [&](const Values& x) {
    return std::ranges::all_of(right, [&](const Values& y) { return are_apart(x, y, depth); });
  });
}

bool Expander::are_apart(const Values& a, const Values& b, int depth) {
  if (a.list || b.list) {
    const Values& list = a.list ? a : b;
    const Values& other = a.list ? b : a;
    return std::ranges::none_of(*list.list, [&](const Json& value) { return matches(value, other); });
  }
  const Values common = both(a, b);
  if (common.has_null || common.has_true || common.has_false || common.numbers) return false;
  refusal_.spend(common.size());
  if (common.strings) {
    const auto language = language_of(*common.strings);
    for (const auto& each : common.strings->languages) refusal_.spend(each->states().size());
    if (!language || !language->is_empty()) return false;
  }
  if (common.arrays) {
    bool is_apart = false;
    for (std::uint64_t index = 0; index < std::min<std::uint64_t>(common.arrays->min, 16); ++index)
      is_apart = is_apart || are_apart(goal_of(*a.arrays, index), goal_of(*b.arrays, index), depth + 1);
    if (!is_apart) return false;
  }
  return !common.objects || are_apart(*a.objects, *b.objects, depth + 1);
}

/// By a property that one of them must have.
bool Expander::are_apart(const Objects& a, const Objects& b, int depth) {
  const auto is_told_by = [&](const std::string& name) {
    refusal_.spend(size_of(a) + size_of(b));
    return are_apart(goal_of(a, name), goal_of(b, name), depth);
  };
  return std::ranges::any_of(a.required, is_told_by) || std::ranges::any_of(b.required, is_told_by);
}

}  // namespace bastide::models::schema
