// Goals expanded into the kinds of values that reach them: references followed, allOf multiplied out,
// alternatives side by side, negations pushed inwards.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "models/schema/assertions.h"
#include "models/schema/document.h"
#include "models/schema/values.h"

namespace bastide::models::schema {

class Expander {
 public:
  /// Alternatives of one goal, and of all goals together.
  static constexpr std::size_t alternatives_max = 512;
  static constexpr std::size_t alternatives_total = 20'000;
  /// References behind each other.
  static constexpr int depth_max = 200;

  Expander(const Document& document, Refusal& refusal)
      : document_(document), refusal_(refusal), assertions_(refusal) {}

  /// What reaches `goal`, as alternatives that may overlap. Valid as long as this lives.
  [[nodiscard]] const std::vector<Values>& expand(const Goal& goal);
  [[nodiscard]] bool matches(const Json& value, const Goal& goal);
  [[nodiscard]] bool matches(const Json& value, const Values& values);

 private:
  using Alternatives = std::vector<Values>;
  /// What is allowed at least: `is_all` says whether it is everything that is.
  struct Negation {
    Alternatives alternatives;
    bool is_all = true;
  };

  [[nodiscard]] Alternatives read(const Json& schema);
  [[nodiscard]] Alternatives read_keywords(const Json& schema);
  [[nodiscard]] Negation negate(const Json& schema);
  [[nodiscard]] Negation negate_keywords(const Json& schema);
  static void negate_numbers(const Numbers& numbers, Negation& out);
  static void negate_strings(const Strings& strings, Negation& out);
  static void negate_arrays(const Arrays& arrays, Negation& out);
  void negate_objects(const Objects& objects, Negation& out);
  [[nodiscard]] static Negation negate_list(const std::vector<Json>& list);

  [[nodiscard]] const Json* target(const Json& schema);
  [[nodiscard]] Alternatives any_of(const Json& schema, const Json& branches);
  [[nodiscard]] Alternatives one_of(const Json& schema, const Json& branches);
  [[nodiscard]] Alternatives if_then_else(const Json& schema);
  void apply_dependencies(const Json& schema, const char* keyword, Alternatives& out);
  void apply_unevaluated(const Json& schema, Alternatives& out);
  [[nodiscard]] bool is_list(const Json& schema, const char* keyword, const Json& branches);

  [[nodiscard]] Alternatives product(const Alternatives& a, const Alternatives& b);
  [[nodiscard]] Values both_or_list(const Values& a, const Values& b);
  [[nodiscard]] bool are_apart(const Values& a, const Values& b, int depth);
  [[nodiscard]] bool are_apart(const Goal& a, const Goal& b, int depth);
  [[nodiscard]] bool are_apart(const Objects& a, const Objects& b, int depth);

  const Document& document_;
  Refusal& refusal_;
  Assertions assertions_;
  std::map<Goal, std::unique_ptr<Alternatives>> known_;
  std::map<const Json*, Negation> negated_;
  std::set<Demand> open_;  // being expanded
  std::size_t total_ = 0;
  int depth_ = 0;
};

}  // namespace bastide::models::schema
