#include "models/schema/writer.h"

#include <algorithm>
#include <bit>

#include "models/schema/number_rules.h"
#include "models/schema/object_rules.h"
#include "models/schema/string_rules.h"

namespace bastide::models::schema {
namespace {

/// From so many texts on, they are told apart letter by letter rather than side by side.
constexpr std::size_t many_texts = 9;
/// Each set of so many values is a rule; of more, they come in their order.
constexpr std::size_t set_values_max = 8;
constexpr std::size_t ordered_values_max = 256;
constexpr std::size_t ordered_rules_max = 10'000;
constexpr std::uint64_t min_items_max = 10'000;
/// Placed one by one, each of a goal of its own.
constexpr std::uint64_t places_max = 1024;

}  // namespace

int Writer::rule_of(const Goal& goal) {
  const auto [known, is_new] = known_.emplace(goal, 0);
  if (is_new) {
    known->second = rules_.add();
    todo_.emplace_back(known->second, goal);
    if (known_.size() > goals_max) refusal_.whole("its parts combine in too many ways");
  }
  return known->second;
}

void Writer::finish() {
  while (!todo_.empty() && !refusal_.is_said()) {
    const auto [rule, goal] = std::move(todo_.front());
    todo_.pop_front();
    for (const auto& values : expander_.expand(goal)) write(rule, values);
    if (rules_.is_too_large())
      refusal_.whole("the schema makes a grammar that is too large: make it smaller");
  }
}

void Writer::write(int rule, const Values& values) {
  if (values.list) {
    write_list(rule, *values.list);
    return;
  }
  if (values.has_null) rules_.add(rule, {literal("null")});
  if (values.has_true) rules_.add(rule, {literal("true")});
  if (values.has_false) rules_.add(rule, {literal("false")});
  if (values.numbers) write_numbers(rules_, rule, *values.numbers, refusal_);
  if (values.strings) write_strings(rules_, rule, *values.strings, refusal_);
  if (values.arrays) write_arrays(rule, *values.arrays);
  if (values.objects) write_objects(rule, *values.objects);
}

void Writer::write_list(int rule, const std::vector<Json>& list) {
  std::vector<std::string> texts;
  for (const auto& each : list)
    if (each.is_string() && strings_in(rules_.notation()).accepts(each.get_ref<const std::string&>()))
      texts.push_back(each.get<std::string>());
  const auto language = texts.size() >= many_texts ? Automaton::literals(texts) : std::nullopt;
  if (language) write_language(rules_, rule, *language);
  for (const auto& each : list)
    if (const auto text = written(each, rules_.notation()); text && (!language || !each.is_string()))
      rules_.add(rule, {literal(*text)});
}

Sequence Writer::opening(std::string_view bracket) { return {literal(bracket), rules_.space()}; }
Sequence Writer::closing(std::string_view bracket) { return {rules_.space(), literal(bracket)}; }

/// The values of `goal`, where a list says them.
std::optional<std::vector<Json>> Writer::listed_values(const Goal& goal) {
  std::vector<Json> out;
  const auto add = [&](Json value) {
    if (std::ranges::find(out, value) == out.end()) out.push_back(std::move(value));
  };
  for (const auto& values : expander_.expand(goal)) {
    if (values.strings || values.arrays || values.objects) return std::nullopt;
    if (values.numbers) {
      const auto range = few_integers(*values.numbers, ordered_values_max);
      if (!range) return std::nullopt;
      for (const auto each : *range) add(each);
    }
    if (values.has_null) add(nullptr);
    if (values.has_true) add(true);
    if (values.has_false) add(false);
    if (values.list)
      for (const auto& each : *values.list) add(each);
    if (out.size() > ordered_values_max) return std::nullopt;
  }
  return out;
}

void Writer::write_arrays(int rule, const Arrays& arrays) {
  const auto placed = prefix_size(arrays);
  const Goal rest = goal_of(arrays, placed);
  if (arrays.min > min_items_max || placed > places_max) {
    refusal_.whole("so many items cannot be asked for (\"minItems\", \"prefixItems\")");
    return;
  }
  if (!arrays.contains.empty()) {
    write_containing(rule, arrays);
    return;
  }
  const bool must_differ = arrays.are_unique && (!arrays.max || *arrays.max > 1);
  if (must_differ) {
    const auto items = placed == 0 ? listed_values(rest) : std::nullopt;
    if (items && items->size() <= set_values_max) return write_sets(rule, arrays, *items);
    if (items) return write_ordered(rule, arrays, *items);
    if (placed > 0 || !has_marks_ || !are_endless(rest))
      return refusal_.not_kept(arrays.unique_at, "uniqueItems",
                               "that items differ can be promised of an \"enum\", of free texts, and of "
                               "numbers without an upper limit");
  }
  // A tuple is written whole, as far as it can be, unless its length says otherwise.
  auto whole = arrays.min;
  const auto most = std::min(placed, arrays.max.value_or(placed));
  while (arrays.min == 0 && whole < most && !expander_.expand(goal_of(arrays, whole)).empty()) ++whole;
  const Symbol comma = literal(",");
  const auto item = [&](std::uint64_t index) { return to(rule_of(goal_of(arrays, index))); };
  const auto add_rest = [&](Sequence& to_sequence) {
    // What follows the last place: none is written yet where there are no places.
    const auto min = whole > placed ? whole - placed : 0;
    const std::optional<std::uint64_t> max =
        arrays.max ? std::optional(*arrays.max > placed ? *arrays.max - placed : 0) : std::nullopt;
    const int next = rules_.add();
    rules_.add(next, {comma, rules_.space(), to(rule_of(rest))});
    for (auto& each : rules_.repeated(next, min, max)) to_sequence.push_back(std::move(each));
  };
  if (placed == 0) {
    if (whole == 0) {
      Sequence none = opening("[");
      none.push_back(literal("]"));
      rules_.add(rule, std::move(none));
    }
    if (arrays.max == 0) return;
    const auto min = whole > 0 ? whole - 1 : 0;
    const auto max = arrays.max ? std::optional(*arrays.max - 1) : std::nullopt;
    const int next = rules_.add();
    rules_.add(next, {comma, rules_.space(), to(rule_of(rest))});
    Sequence some = opening("[");
    if (must_differ) some.insert(some.begin() + 1, to(rules_.named(R"(| "\x03")")));
    some.push_back(to(rule_of(rest)));
    for (auto& each : rules_.repeated(next, min, max)) some.push_back(std::move(each));
    for (auto& each : closing("]")) some.push_back(std::move(each));
    rules_.add(rule, std::move(some));
    return;
  }
  // From the last place to the first: what may follow, and that nothing more does.
  const auto last = arrays.max ? std::min(placed, *arrays.max) : placed;
  Sequence tail;
  if (last == placed) add_rest(tail);
  for (auto index = last; index-- > 0;) {
    Sequence more;
    if (index > 0) more = {comma, rules_.space()};
    more.push_back(item(index));
    for (auto& each : tail) more.push_back(std::move(each));
    if (index < whole) {
      tail = std::move(more);
      continue;
    }
    const int optional = rules_.add();
    rules_.add(optional, std::move(more));
    rules_.add(optional, {});
    tail = {to(optional)};
  }
  Sequence out = opening("[");
  for (auto& each : tail) out.push_back(std::move(each));
  for (auto& each : closing("]")) out.push_back(std::move(each));
  rules_.add(rule, std::move(out));
}

/// Items, one of the wanted ones, items: so many times, in any place.
void Writer::write_containing(int rule, const Arrays& arrays) {
  const auto& wanted = arrays.contains.front();
  constexpr std::uint64_t wanted_max = 16;
  const bool is_plain =
      arrays.contains.size() == 1 && !arrays.are_unique && prefix_size(arrays) == 0 && !arrays.max;
  if (!is_plain || wanted.max || wanted.min > wanted_max || arrays.min > wanted.min) {
    refusal_.not_kept(
        wanted.at, "contains",
        "it is kept alone, without \"maxContains\", \"maxItems\", \"prefixItems\" or more \"minItems\"");
    return;
  }
  const Goal any = goal_of(arrays, 0);
  Goal one = any;
  add(one, wanted.goal);
  const int before = rules_.add();
  rules_.add(before, {to(rule_of(any)), literal(","), rules_.space()});
  const int behind = rules_.add();
  rules_.add(behind, {literal(","), rules_.space(), to(rule_of(any))});
  Sequence out = opening("[");
  for (std::uint64_t each = 0; each < wanted.min; ++each) {
    for (auto& symbol : rules_.repeated(before, 0, std::nullopt)) out.push_back(std::move(symbol));
    out.push_back(to(rule_of(one)));
    if (each + 1 < wanted.min) out.insert(out.end(), {literal(","), rules_.space()});
  }
  for (auto& symbol : rules_.repeated(behind, 0, std::nullopt)) out.push_back(std::move(symbol));
  for (auto& symbol : closing("]")) out.push_back(std::move(symbol));
  rules_.add(rule, std::move(out));
}

/// Arrays of values that differ: what may follow depends on the set of those that stand already.
void Writer::write_sets(int rule, const Arrays& arrays, const std::vector<Json>& items) {
  const std::size_t all = std::size_t{1} << items.size();
  std::vector<int> rest(all);
  for (auto& each : rest) each = rules_.add();
  for (std::size_t set = 0; set < all; ++set) {
    const auto size = static_cast<std::uint64_t>(std::popcount(set));
    if (size >= arrays.min) rules_.add(rest[set], set == 0 ? Sequence{literal("]")} : closing("]"));
    if (arrays.max && size >= *arrays.max) continue;
    for (std::size_t each = 0; each < items.size(); ++each) {
      const auto bit = std::size_t{1} << each;
      const auto text = written(items[each], rules_.notation());
      if ((set & bit) != 0 || !text) continue;
      Sequence more;
      if (set != 0) more = {literal(","), rules_.space()};
      more.push_back(literal(*text));
      more.push_back(to(rest[set | bit]));
      rules_.add(rest[set], std::move(more));
    }
  }
  Sequence out = opening("[");
  out.push_back(to(rest.front()));
  rules_.add(rule, std::move(out));
}

/// The same of more values, in the order of their list: what may follow depends on the last one.
void Writer::write_ordered(int rule, const Arrays& arrays, const std::vector<Json>& items) {
  if (arrays.min > items.size()) return;
  const auto max = arrays.max < items.size() ? arrays.max : std::nullopt;
  const auto counted = std::max(arrays.min, max.value_or(0));
  if ((counted + 1) * (items.size() + 1) > ordered_rules_max)
    return refusal_.not_kept(arrays.unique_at, "uniqueItems",
                             "so many items of so many values are too many to count");
  // What may follow before the value of this index, so many written.
  std::map<std::pair<std::size_t, std::uint64_t>, int> known;
  std::vector<std::pair<std::size_t, std::uint64_t>> todo;
  const auto rest = [&](std::size_t index, std::uint64_t count) {
    const auto [found, is_new] = known.emplace(std::pair(index, std::min(count, counted + 1)), 0);
    if (is_new) {
      found->second = rules_.add();
      todo.push_back(found->first);
    }
    return to(found->second);
  };
  Sequence out = opening("[");
  out.push_back(rest(0, 0));
  rules_.add(rule, std::move(out));
  while (!todo.empty()) {
    const auto [index, count] = todo.back();
    todo.pop_back();
    const int at = known.at({index, count});
    if (index == items.size()) {
      if (count >= arrays.min) rules_.add(at, count == 0 ? Sequence{literal("]")} : closing("]"));
      continue;
    }
    rules_.add(at, {rest(index + 1, count)});
    const auto text = written(items[index], rules_.notation());
    if (!text || (max && count >= *max)) continue;
    Sequence more;
    if (count > 0) more = {literal(","), rules_.space()};
    more.push_back(literal(*text));
    more.push_back(rest(index + 1, count + 1));
    rules_.add(at, std::move(more));
  }
}

/// Whether there are always further values, however many are taken: each way to write one leads to others.
bool Writer::are_endless(const Goal& goal) {
  bool has_any = false;
  for (const auto& values : expander_.expand(goal)) {
    if (values.list || values.arrays || values.objects) return false;
    if (values.strings && !schema::are_endless(*values.strings)) return false;
    if (values.numbers && !schema::are_endless(*values.numbers)) return false;
    has_any = has_any || values.strings || values.numbers;
  }
  return has_any;
}

void Writer::write_objects(int rule, const Objects& objects) {
  ObjectRules(expander_, rules_, refusal_, [this](const Goal& goal) {
    return rule_of(goal);
  }).write(rule, objects);
}

}  // namespace bastide::models::schema
