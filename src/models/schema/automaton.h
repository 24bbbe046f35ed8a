// Languages of strings as deterministic automata: what patterns, formats, lengths and sets of names leave
// when they are put together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/schema/code_set.h"

namespace bastide::models::schema {

/// Code points of valid UTF-8.
[[nodiscard]] std::vector<std::uint32_t> code_points(std::string_view text);

/// A deterministic automaton over classes of code points. Values are immutable once made.
class Automaton {
 public:
  static constexpr std::size_t states_max = 4096;
  static constexpr int none = -1;

  struct State {
    bool accepts = false;
    std::vector<int> next;  // by class; `none`: no way on
  };

  /// All strings.
  [[nodiscard]] static Automaton everything();
  /// Strings of `min` to `max` code points; nothing beyond `states_max`.
  [[nodiscard]] static std::optional<Automaton> lengths(std::uint64_t min, std::optional<std::uint64_t> max);
  /// Exactly these; nothing beyond `states_max`.
  [[nodiscard]] static std::optional<Automaton> literals(std::span<const std::string> texts);
  /// From parts whose classes are apart from each other; state 0 is the first.
  Automaton(std::vector<CodeSet> classes, std::vector<State> states);

  [[nodiscard]] Automaton complement() const;
  /// Nothing beyond `states_max`.
  [[nodiscard]] std::optional<Automaton> intersection(const Automaton& other) const;
  [[nodiscard]] bool accepts(std::string_view text) const;
  [[nodiscard]] bool is_empty() const { return states_.empty(); }
  [[nodiscard]] bool is_everything() const;
  /// Every beginning of a string of it has any number of endings; no for the empty language.
  [[nodiscard]] bool is_endless() const;
  /// Lengths of its strings; nothing for `max` where there is no longest.
  struct Span {
    std::uint64_t min = 0;
    std::optional<std::uint64_t> max;
  };
  [[nodiscard]] Span span() const;

  [[nodiscard]] const std::vector<CodeSet>& classes() const { return classes_; }
  [[nodiscard]] const std::vector<State>& states() const { return states_; }

 private:
  void trim();
  std::vector<CodeSet> classes_;
  std::vector<State> states_;  // each leads to one that accepts
};

}  // namespace bastide::models::schema
