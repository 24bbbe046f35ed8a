#include "models/schema/expansion.h"

#include <algorithm>
#include <utility>

namespace bastide::models::schema {

const std::vector<Values>& Expander::expand(const Goal& goal) {
  if (const auto known = known_.find(goal); known != known_.end()) return *known->second;
  static const Alternatives nothing;
  if (depth_ >= depth_max) {
    refusal_.whole("its references are nested too deep");
    return nothing;
  }
  ++depth_;
  Alternatives out{Values::any()};
  for (const auto& demand : goal) {
    if (refusal_.is_said()) break;
    if (demand.is_negated) {
      out = product(out, negate(*demand.schema).alternatives);
      continue;
    }
    if (!open_.insert(demand).second) {
      refusal_.not_kept(demand.schema, "$ref", "it leads back to itself with no value in between");
      break;
    }
    const auto more = read(*demand.schema);
    open_.erase(demand);
    out = product(out, more);
  }
  --depth_;
  total_ += out.size();
  if (total_ > alternatives_total) refusal_.whole("its alternatives multiply to too many");
  if (refusal_.is_said()) return nothing;  // not to be kept where it was an attempt only
  return *known_.emplace(goal, std::make_unique<Alternatives>(std::move(out))).first->second;
}

Expander::Alternatives Expander::read(const Json& schema) {
  if (schema.is_boolean()) return schema.get<bool>() ? Alternatives{Values::any()} : Alternatives{};
  if (!schema.is_object()) {
    refusal_.malformed(&schema, "schema", "an object, true or false");
    return {};
  }
  return read_keywords(schema);
}

Expander::Alternatives Expander::read_keywords(const Json& schema) {
  Alternatives out{assertions_.of(schema)};
  refusal_.spend(schema.size() + out.front().size());
  if (out.front().empty()) out.clear();
  if (auto list = assertions_.list_of(schema)) out = product(out, {Values::of(std::move(*list))});
  if (const Json* at = target(schema)) out = product(out, expand(goal_at(*at)));
  if (const Json* all = find(schema, "allOf"); all && is_list(schema, "allOf", *all))
    for (const auto& each : *all) out = product(out, expand(goal_at(each)));
  if (const Json* any = find(schema, "anyOf"); any && is_list(schema, "anyOf", *any))
    out = product(out, any_of(schema, *any));
  if (const Json* one = find(schema, "oneOf"); one && is_list(schema, "oneOf", *one))
    out = product(out, one_of(schema, *one));
  if (const Json* other = find(schema, "not")) {
    const auto negation = negate(*other);
    if (!negation.is_all) refusal_.not_kept(&schema, "not", "it cannot be turned into what is allowed");
    out = product(out, negation.alternatives);
  }
  if (find(schema, "if")) out = product(out, if_then_else(schema));
  for (const auto* keyword : {"dependentRequired", "dependentSchemas", "dependencies"})
    apply_dependencies(schema, keyword, out);
  apply_unevaluated(schema, out);
  return out;
}

/// Of "$ref" or "$dynamicRef"; null where there is none.
const Json* Expander::target(const Json& schema) {
  if (find(schema, "$recursiveRef")) refusal_.not_kept(&schema, "$recursiveRef", "say \"$ref\" instead");
  const char* keyword = find(schema, "$ref") ? "$ref" : "$dynamicRef";
  const Json* reference = find(schema, keyword);
  if (!reference) return nullptr;
  if (!reference->is_string()) {
    refusal_.malformed(&schema, keyword, "a text");
    return nullptr;
  }
  const auto& text = reference->get_ref<const std::string&>();
  const bool is_dynamic = keyword[1] == 'd';
  constexpr std::size_t search = 10'000;  // of the whole document, for a name
  refusal_.spend(is_dynamic || !text.starts_with("#/") ? search : 1);
  const Json* out = is_dynamic ? document_.dynamic_target(text) : document_.resolve(text);
  if (!out) refusal_.not_kept(&schema, keyword, "it leads to nothing within this schema");
  return out;
}

bool Expander::is_list(const Json& schema, const char* keyword, const Json& branches) {
  const bool out = branches.is_array() && !branches.empty();
  if (!out) refusal_.malformed(&schema, keyword, "a list of schemas");
  return out;
}

Expander::Alternatives Expander::any_of(const Json& schema, const Json& branches) {
  Alternatives out;
  for (const auto& each : branches) {
    const auto& more = expand(goal_at(each));
    out.insert(out.end(), more.begin(), more.end());
    if (out.size() > alternatives_max) {
      refusal_.not_kept(&schema, "anyOf", "its alternatives multiply to too many");
      break;
    }
  }
  return out;
}

/// Each branch without what others allow too.
Expander::Alternatives Expander::one_of(const Json& schema, const Json& branches) {
  Alternatives out;
  bool loses_a_branch = false;
  for (const auto& branch : branches) {
    bool is_left = expand(goal_at(branch)).empty();
    for (const Values& whole : expand(goal_at(branch))) {
      Alternatives rest{whole};
      for (const auto& other : branches) {
        if (&other == &branch || refusal_.is_said()) continue;
        const bool is_apart = std::ranges::all_of(
            expand(goal_at(other)), [&](const Values& each) { return are_apart(whole, each, 0); });
        if (is_apart) continue;
        if (whole.list) {
          for (auto& each : rest)
            std::erase_if(*each.list, [&](const Json& value) { return matches(value, goal_at(other)); });
        } else {
          rest = product(rest, negate(other).alternatives);
        }
      }
      std::erase_if(rest, [](const Values& each) { return each.empty(); });
      is_left = is_left || !rest.empty();
      out.insert(out.end(), rest.begin(), rest.end());
    }
    loses_a_branch = loses_a_branch || !is_left;
    if (out.size() > alternatives_max) break;
  }
  if (loses_a_branch || out.size() > alternatives_max)
    refusal_.not_kept(
        &schema, "oneOf",
        "several of its branches may hold at once; tell them apart by a property, or say \"anyOf\"");
  return out;
}

Expander::Alternatives Expander::if_then_else(const Json& schema) {
  const Json& condition = *find(schema, "if");
  const Json* then = find(schema, "then");
  const Json* otherwise = find(schema, "else");
  if (!then && !otherwise) return {Values::any()};
  Alternatives out = expand(goal_at(condition));
  if (then) out = product(out, expand(goal_at(*then)));
  const auto negation = negate(condition);
  if (!negation.is_all) {
    refusal_.not_kept(&schema, "if",
                      "when it does not hold cannot be said; test a property by \"const\" or \"enum\"");
    return {};
  }
  const auto rest =
      otherwise ? product(negation.alternatives, expand(goal_at(*otherwise))) : negation.alternatives;
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

/// A property without which nothing is said, or with which more must hold.
void Expander::apply_dependencies(const Json& schema, const char* keyword, Alternatives& out) {
  const Json* all = find(schema, keyword);
  if (!all) return;
  if (!all->is_object()) {
    refusal_.malformed(&schema, keyword, "an object");
    return;
  }
  for (const auto& [name, wanted] : all->items()) {
    if (refusal_.is_said()) return;
    Values without = Values::any();
    without.objects->layers.push_back({{{name, never()}}, {}, {}, true});
    Values with;
    with.objects.emplace().required.push_back(name);
    Alternatives more{with};
    if (wanted.is_array()) {
      for (auto& each : assertions_.texts(schema, keyword, wanted))
        if (!is_required(*more.front().objects, each))
          more.front().objects->required.push_back(std::move(each));
    } else {
      more = product(more, expand(goal_at(wanted)));
    }
    more.push_back(std::move(without));
    out = product(out, more);
  }
}

void Expander::apply_unevaluated(const Json& schema, Alternatives& out) {
  const Json* properties = find(schema, "unevaluatedProperties");
  const Json* items = find(schema, "unevaluatedItems");
  for (auto& each : out) {
    if (properties && each.objects) {
      ObjectLayer layer;
      bool is_open = true;
      for (const auto& other : each.objects->layers) {
        if (!other.annotates) continue;
        for (const auto& [name, goal] : other.properties) layer.properties.emplace_back(name, Goal{});
        for (const auto& [language, goal] : other.patterns) layer.patterns.emplace_back(language, Goal{});
        if (other.rest) is_open = false;
      }
      layer.rest = goal_at(*properties);
      if (is_open) each.objects->layers.push_back(std::move(layer));
    }
    if (items && each.arrays) {
      ArrayLayer layer;
      bool is_open = true;
      for (const auto& other : each.arrays->layers) {
        if (!other.annotates) continue;
        layer.prefix.resize(std::max(layer.prefix.size(), other.prefix.size()));
        if (other.rest) is_open = false;
      }
      layer.rest = goal_at(*items);
      if (is_open) each.arrays->layers.push_back(std::move(layer));
    }
  }
}

Expander::Alternatives Expander::product(const Alternatives& a, const Alternatives& b) {
  Alternatives out;
  for (const auto& left : a)
    for (const auto& right : b) {
      refusal_.spend(left.size() + right.size());
      auto common = both_or_list(left, right);
      if (!common.empty()) out.push_back(std::move(common));
      if (out.size() > alternatives_max || refusal_.is_said()) {
        refusal_.whole("its alternatives multiply to too many");
        return {};
      }
    }
  return out;
}

Values Expander::both_or_list(const Values& a, const Values& b) {
  if (!a.list && !b.list) return both(a, b);
  const Values& from = a.list ? a : b;
  const Values& other = a.list ? b : a;
  std::vector<Json> left;
  for (const auto& value : *from.list)
    if (matches(value, other)) left.push_back(value);
  return Values::of(std::move(left));
}

}  // namespace bastide::models::schema
