// The space that an answer in JSON puts where it may: guessed, so that keys and brackets can be guessed on.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace bastide::models::local {

/// Follows an answer and learns its habit: indentation, space after colons and commas. One thread at a time.
class Spacing {
 public:
  /// What the answer went on with.
  void note(std::string_view written);
  /// What space would still come before `next`. Before it has shown a habit, JSON as models print it: lines
  /// indented by two, a space after a colon.
  [[nodiscard]] std::string before(char next) const;

 private:
  enum class Place { after_open, after_comma, after_colon, before_close, elsewhere };
  struct Habit {
    std::string lines;   // up to the last line break; empty: on the same line
    std::string indent;  // of one level; on the same line, all of the space
  };
  [[nodiscard]] Place place_before(char next) const;
  [[nodiscard]] std::size_t level_before(char next) const;
  [[nodiscard]] std::optional<Habit> habit_at(Place place) const;
  void learn(Place place, std::size_t level);

  std::array<std::optional<Habit>, 4> habits_;  // by place
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  char before_ = 0;    // the last character that is no space
  std::string space_;  // after it
};

}  // namespace bastide::models::local
