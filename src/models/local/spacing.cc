#include "models/local/spacing.h"

#include <algorithm>
#include <utility>

namespace bastide::models::local {
namespace {

constexpr std::size_t space_max = 256;
constexpr std::size_t depth_max = 64;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool opens(char c) { return c == '{' || c == '['; }
bool closes(char c) { return c == '}' || c == ']'; }

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t each = 0; each < times; ++each) out.append(text);
  return out;
}

}  // namespace

void Spacing::note(std::string_view written) {
  for (const char c : written) {
    if (in_string_) {
      if (c == '"' && !escaped_) in_string_ = false;
      escaped_ = c == '\\' && !escaped_;
      continue;
    }
    if (is_space(c)) {
      if (space_.size() < space_max) space_.push_back(c);
      continue;
    }
    learn(place_before(c), level_before(c));
    if (opens(c))
      depth_ = std::min(depth_ + 1, depth_max);
    else if (closes(c) && depth_ > 0)
      --depth_;
    in_string_ = c == '"';
    before_ = c;
    space_.clear();
  }
}

std::string Spacing::before(char next) const {
  const auto place = place_before(next);
  if (place == Place::elsewhere) return {};
  const Habit habit = habit_at(place).value_or(Habit{"\n", "  "});
  const std::string whole =
      habit.lines.empty() ? habit.indent : habit.lines + repeated(habit.indent, level_before(next));
  return whole.starts_with(space_) ? whole.substr(space_.size()) : std::string();
}

Spacing::Place Spacing::place_before(char next) const {
  if (in_string_) return Place::elsewhere;
  if (closes(next)) return Place::before_close;
  if (opens(before_)) return Place::after_open;
  if (before_ == ',') return Place::after_comma;
  return before_ == ':' ? Place::after_colon : Place::elsewhere;
}

std::size_t Spacing::level_before(char next) const {
  return closes(next) && depth_ > 0 ? depth_ - 1 : depth_;
}

/// Where a place has none yet, that of the others.
std::optional<Spacing::Habit> Spacing::habit_at(Place place) const {
  if (const auto& own = habits_[static_cast<std::size_t>(place)]) return own;
  std::optional<Habit> other;
  for (const auto each : {Place::after_open, Place::before_close, Place::after_comma})
    if (!other) other = habits_[static_cast<std::size_t>(each)];
  if (place != Place::after_colon) return other;
  return Habit{"", other && other->lines.empty() && other->indent.empty() ? "" : " "};
}

void Spacing::learn(Place place, std::size_t level) {
  if (place == Place::elsewhere) return;
  const auto line = space_.rfind('\n');
  auto& habit = habits_[static_cast<std::size_t>(place)];
  if (line == std::string::npos) {
    habit = Habit{"", space_};
    return;
  }
  Habit seen{space_.substr(0, line + 1), space_.substr(line + 1)};
  if (level > 0)
    seen.indent.resize(seen.indent.size() / level);
  else  // nothing is indented here: as elsewhere
    seen.indent = habit_at(place).value_or(Habit{"", "  "}).indent;
  habit = std::move(seen);
}

}  // namespace bastide::models::local
