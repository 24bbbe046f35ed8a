// Goals as rules of a grammar: one rule for each goal, so that recursive schemas come to an end.
#pragma once

#include <deque>
#include <map>
#include <utility>

#include "models/schema/expansion.h"
#include "models/schema/rules.h"

namespace bastide::models::schema {

class Writer {
 public:
  static constexpr std::size_t goals_max = 4096;

  /// `has_marks`: as grammar_of takes it.
  Writer(Expander& expander, Rules& rules, Refusal& refusal, bool has_marks)
      : expander_(expander), rules_(rules), refusal_(refusal), has_marks_(has_marks) {}

  /// Its alternatives are written by finish().
  [[nodiscard]] int rule_of(const Goal& goal);
  /// Writes all that was asked for, and what that asks for.
  void finish();

 private:
  void write(int rule, const Values& values);
  void write_list(int rule, const std::vector<Json>& list);
  void write_arrays(int rule, const Arrays& arrays);
  void write_containing(int rule, const Arrays& arrays);
  void write_sets(int rule, const Arrays& arrays, const std::vector<Json>& items);
  void write_objects(int rule, const Objects& objects);
  void write_ordered(int rule, const Arrays& arrays, const std::vector<Json>& items);
  [[nodiscard]] std::optional<std::vector<Json>> listed_values(const Goal& goal);
  [[nodiscard]] bool are_endless(const Goal& goal);
  [[nodiscard]] Sequence opening(std::string_view bracket);
  [[nodiscard]] Sequence closing(std::string_view bracket);

  Expander& expander_;
  Rules& rules_;
  Refusal& refusal_;
  bool has_marks_;
  std::map<Goal, int> known_;
  std::deque<std::pair<int, Goal>> todo_;
};

}  // namespace bastide::models::schema
