// Objects as rules of a grammar: properties that are named in their order, then others.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "models/schema/expansion.h"
#include "models/schema/rules.h"

namespace bastide::models::schema {

class ObjectRules {
 public:
  using RuleOf = std::function<int(const Goal&)>;
  ObjectRules(Expander& expander, Rules& rules, Refusal& refusal, RuleOf rule_of)
      : expander_(expander), rules_(rules), refusal_(refusal), rule_of_(std::move(rule_of)) {}
  /// Adds alternatives to `rule`.
  void write(int rule, const Objects& objects);

 private:
  struct Named {
    std::string name;
    std::string written;
    Goal goal;
    bool is_required = false;
  };
  /// Where writing stands: before the property of this index, so many written.
  struct Place {
    std::size_t index = 0;
    std::uint64_t count = 0;
    auto operator<=>(const Place&) const = default;
  };

  [[nodiscard]] bool read(const Objects& objects);
  [[nodiscard]] bool add_free(const Objects& objects);
  [[nodiscard]] bool is_name_allowed(const Objects& objects, const std::string& name);
  [[nodiscard]] std::optional<Automaton> language_of_names(const Objects& objects);
  int rule_at(const Place& place);
  void write_place(int rule, Place place);
  [[nodiscard]] Place behind(const Place& place, std::size_t index) const;

  Expander& expander_;
  Rules& rules_;
  Refusal& refusal_;
  RuleOf rule_of_;
  std::vector<Named> named_;
  std::vector<int> free_;  // rules of whole pairs
  std::uint64_t min_ = 0;
  std::optional<std::uint64_t> max_;
  std::map<Place, int> known_;
  std::vector<std::pair<int, Place>> todo_;
};

}  // namespace bastide::models::schema
