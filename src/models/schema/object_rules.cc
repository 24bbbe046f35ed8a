#include "models/schema/object_rules.h"

#include <algorithm>
#include <utility>

#include "models/schema/string_rules.h"

namespace bastide::models::schema {
namespace {

/// Each set of patterns that a name may meet is a language.
constexpr std::size_t patterns_max = 6;
constexpr std::size_t places_max = 20'000;
/// A model that writes one of them chooses among all.
constexpr std::size_t optional_max = 1000;

std::vector<Strings::Language> patterns_of(const Objects& objects) {
  std::vector<Strings::Language> out;
  for (const auto& layer : objects.layers)
    for (const auto& [language, goal] : layer.patterns)
      if (std::ranges::find(out, language) == out.end()) out.push_back(language);
  return out;
}

}  // namespace

void ObjectRules::write(int rule, const Objects& objects) {
  if (!read(objects)) return;
  const int first = rule_at({});
  while (!todo_.empty() && !refusal_.is_said()) {
    const auto [each, place] = todo_.back();
    todo_.pop_back();
    write_place(each, place);
    if (known_.size() > places_max) refusal_.whole("an object has too many properties to count them");
  }
  rules_.add(rule, {literal("{"), rules_.space(), to(first)});
}

/// False where no object is left, or the schema is refused.
bool ObjectRules::read(const Objects& objects) {
  for (auto& name : names_of(objects)) {
    const bool required = is_required(objects, name);
    const auto text = written_name(name, rules_.notation());
    if (!text || !is_name_allowed(objects, name)) {
      if (required) return false;
      continue;
    }
    named_.push_back({name, *text, goal_of(objects, name), required});
    refusal_.spend(objects.layers.size() * named_.size());
  }
  if (rules_.notation() == Notation::gemma4) std::ranges::sort(named_, gemma4_order, &Named::name);
  if (!add_free(objects)) return false;
  std::uint64_t required = 0;
  for (const auto& each : named_) required += each.is_required ? 1 : 0;
  if (named_.size() - required > optional_max) {
    refusal_.whole("an object has more than 1,000 optional properties");
    return false;
  }
  min_ = objects.min > required ? objects.min : 0;
  max_ = objects.max;
  // The same free name may come twice: one of them counts.
  if (!free_.empty() && min_ > named_.size() + 1) {
    refusal_.not_kept(objects.min_at, "minProperties",
                      "names that the schema does not list may repeat: list them, or require some");
    return false;
  }
  return !refusal_.is_said();
}

bool ObjectRules::is_name_allowed(const Objects& objects, const std::string& name) {
  return std::ranges::all_of(objects.names,
                             [&](const Goal& goal) { return expander_.matches(Json(name), goal); });
}

/// What "propertyNames" leave; nothing, with a refusal, where it is not known.
std::optional<Automaton> ObjectRules::language_of_names(const Objects& objects) {
  auto out = std::optional(names_in(rules_.notation()));
  for (const auto& goal : objects.names) {
    std::vector<Automaton> parts;
    for (const auto& values : expander_.expand(goal)) {
      if (values.list) {
        std::vector<std::string> texts;
        for (const auto& each : *values.list)
          if (each.is_string()) texts.push_back(each.get<std::string>());
        if (auto made = Automaton::literals(texts)) parts.push_back(std::move(*made));
        continue;
      }
      if (!values.strings) continue;
      auto part = Automaton::lengths(values.strings->min_length, values.strings->max_length);
      for (const auto& each : values.strings->languages)
        if (part) part = part->intersection(*each);
      if (part) parts.push_back(std::move(*part));
    }
    // Of several kinds of names, the first: the others are left out.
    out = parts.empty() ? Automaton({}, {}) : out ? out->intersection(parts.front()) : out;
    if (!out) {
      refusal_.whole("names of properties are too many to tell (\"propertyNames\")");
      return std::nullopt;
    }
  }
  return out;
}

/// Pairs whose names the schema does not list, by the patterns that their names meet.
bool ObjectRules::add_free(const Objects& objects) {
  const auto& layers = objects.layers;
  const bool is_closed = std::ranges::any_of(layers, [&](const ObjectLayer& layer) {
    return layer.patterns.empty() && layer.rest && expander_.expand(*layer.rest).empty();
  });
  // Who lists properties means these; the standard would let a model make up others.
  const bool are_listed =
      objects.min <= named_.size() &&
      std::ranges::any_of(layers, [](const ObjectLayer& layer) { return !layer.properties.empty(); }) &&
      std::ranges::none_of(layers,
                           [](const ObjectLayer& layer) { return layer.rest || !layer.patterns.empty(); });
  if (is_closed || are_listed || refusal_.is_said()) return !refusal_.is_said();
  const auto patterns = patterns_of(objects);
  if (patterns.size() > patterns_max) {
    refusal_.whole("an object has more than 6 patterns of names (\"patternProperties\")");
    return false;
  }
  auto names = language_of_names(objects);
  if (!names) return false;
  std::vector<std::string> listed;
  for (const auto& each : names_of(objects)) listed.push_back(each);
  if (!listed.empty()) {
    const auto literals = Automaton::literals(listed);
    auto rest = literals ? names->intersection(literals->complement()) : std::nullopt;
    if (!rest) {
      refusal_.whole(
          "names of properties are too many to tell apart from others: set \"additionalProperties\": false");
      return false;
    }
    names = std::move(rest);
  }
  for (std::size_t met = 0; met < (std::size_t{1} << patterns.size()); ++met) {
    auto language = names;
    for (std::size_t each = 0; each < patterns.size() && language; ++each)
      language =
          language->intersection((met >> each & 1U) != 0 ? *patterns[each] : patterns[each]->complement());
    if (!language) {
      refusal_.whole("names of properties are too many to tell (\"patternProperties\")");
      return false;
    }
    refusal_.spend(language->states().size() * language->classes().size());
    if (language->is_empty()) continue;
    Goal goal;
    for (const auto& layer : objects.layers) {
      bool is_met = false;
      for (const auto& [pattern, wanted] : layer.patterns) {
        const auto index = static_cast<std::size_t>(std::ranges::find(patterns, pattern) - patterns.begin());
        if ((met >> index & 1U) == 0) continue;
        is_met = true;
        add(goal, wanted);
      }
      if (!is_met && layer.rest) add(goal, *layer.rest);
    }
    if (expander_.expand(goal).empty()) continue;
    const int name = rules_.add();
    write_names(rules_, name, *language);
    free_.push_back(rules_.add());
    rules_.add(free_.back(), {to(name), rules_.space(), to(rule_of_(goal))});
  }
  return !refusal_.is_said();
}

int ObjectRules::rule_at(const Place& place) {
  const auto [known, is_new] = known_.emplace(place, 0);
  if (is_new) {
    known->second = rules_.add();
    todo_.emplace_back(known->second, place);
  }
  return known->second;
}

ObjectRules::Place ObjectRules::behind(const Place& place, std::size_t index) const {
  const auto counted = max_ ? std::max(*max_, min_) : std::max<std::uint64_t>(1, min_);
  return {index, std::min(place.count + 1, counted)};
}

void ObjectRules::write_place(int rule, Place place) {
  const auto is_full = [&](const Place& at) { return max_ && at.count >= *max_; };
  const auto separated = [&](const Place& at) {
    return at.count > 0 ? Sequence{literal(","), rules_.space()} : Sequence{};
  };
  if (place.index < named_.size()) {
    Sequence out;
    // Those that must come are written in one go.
    while (place.index < named_.size()) {
      const auto& each = named_[place.index];
      if (!each.is_required)
        rules_.add(rule, [&] {
          auto skipped = out;
          skipped.push_back(to(rule_at({place.index + 1, place.count})));
          return skipped;
        }());
      if (is_full(place)) return;
      for (auto& symbol : separated(place)) out.push_back(std::move(symbol));
      out.insert(out.end(), {literal(each.written), rules_.space(), to(rule_of_(each.goal))});
      place = behind(place, place.index + 1);
      const bool goes_on = place.index < named_.size() && named_[place.index].is_required;
      if (!goes_on) break;
    }
    out.push_back(to(rule_at(place)));
    rules_.add(rule, std::move(out));
    return;
  }
  if (place.count >= min_) rules_.add(rule, {rules_.space(), literal("}")});
  // One free name more is sure to be another than the listed ones.
  const bool counts = place.count + 1 >= min_;
  if (is_full(place) || !counts) return;
  for (const int pair : free_) {
    auto out = separated(place);
    out.push_back(to(pair));
    out.push_back(to(rule_at(behind(place, place.index))));
    rules_.add(rule, std::move(out));
  }
}

}  // namespace bastide::models::schema
