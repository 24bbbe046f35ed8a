// What a schema allows, once its keywords are put together: kinds of values side by side. Parts of arrays and
// objects are goals: schemas that must hold, or must not, all at once.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/schema/automaton.h"
#include "models/schema/decimal.h"

namespace bastide::models::schema {

using Json = nlohmann::ordered_json;

/// A schema of the document that must hold or must not. Compared by its place.
struct Demand {
  const Json* schema = nullptr;
  bool is_negated = false;
  auto operator<=>(const Demand&) const = default;
};
/// All at once; empty: anything.
using Goal = std::vector<Demand>;

/// No value reaches it.
[[nodiscard]] const Goal& never();
void add(Goal& goal, const Goal& more);

struct Bound {
  Decimal value;
  bool is_strict = false;
};

struct Numbers {
  bool integers_only = false;
  std::optional<Bound> min{}, max{};
  std::vector<Decimal> multiples{};
  const Json* multiples_at = nullptr;  // for messages
};

struct Strings {
  using Language = std::shared_ptr<const Automaton>;
  std::uint64_t min_length = 0;
  std::optional<std::uint64_t> max_length{};
  std::vector<Language> languages{};        // of patterns and what was excluded
  std::vector<const Automaton*> formats{};  // give way where nothing would be left
  const Json* patterns_at = nullptr;
};

struct ArrayLayer {  // what one schema says of items
  std::vector<Goal> prefix;
  std::optional<Goal> rest;  // behind the prefix; nothing: anything, and not evaluated
  bool annotates = true;     // for unevaluatedItems; what a negation says does not
};
struct Arrays {
  std::vector<ArrayLayer> layers{};
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max{};
  bool are_unique = false;
  const Json* unique_at = nullptr;
  struct Contains {
    Goal goal;
    std::uint64_t min = 1;
    std::optional<std::uint64_t> max{};
    const Json* at = nullptr;
  };
  std::vector<Contains> contains{};
};

struct ObjectLayer {  // what one schema says of properties
  std::vector<std::pair<std::string, Goal>> properties;
  std::vector<std::pair<Strings::Language, Goal>> patterns;
  std::optional<Goal> rest;  // of other names; nothing: anything, and not evaluated
  bool annotates = true;     // for unevaluatedProperties
};
struct Objects {
  std::vector<ObjectLayer> layers{};
  std::vector<std::string> required{};
  std::vector<Goal> names{};
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max{};
  const Json* min_at = nullptr;
};

/// Kinds of values side by side, or a list of values.
struct Values {
  bool has_null = false, has_true = false, has_false = false;
  std::optional<Numbers> numbers;
  std::optional<Strings> strings;
  std::optional<Arrays> arrays;
  std::optional<Objects> objects;
  std::optional<std::vector<Json>> list;  // then nothing else is set

  [[nodiscard]] static Values any();
  [[nodiscard]] static Values of(std::vector<Json> list);
  [[nodiscard]] bool empty() const;
  /// Parts: what a copy costs.
  [[nodiscard]] std::size_t size() const;
};

/// Of kinds. Lists are the caller's: whether a value is allowed by a goal is not known here.
[[nodiscard]] Values both(const Values& a, const Values& b);

[[nodiscard]] bool is_required(const Objects& objects, const std::string& name);
/// What the layers say of a property, of an item.
[[nodiscard]] Goal goal_of(const Objects& objects, const std::string& name);
[[nodiscard]] Goal goal_of(const Arrays& arrays, std::uint64_t index);
/// Names that the layers speak of or that are required, in their order.
[[nodiscard]] std::vector<std::string> names_of(const Objects& objects);
[[nodiscard]] std::uint64_t prefix_size(const Arrays& arrays);
[[nodiscard]] bool contains(const Numbers& numbers, const Decimal& value);
[[nodiscard]] bool contains(const Strings& strings, const std::string& value);
/// No number is within the bounds.
[[nodiscard]] bool is_empty(const Numbers& numbers);

}  // namespace bastide::models::schema
