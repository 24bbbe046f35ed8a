// "uniqueItems" of any texts and numbers: no grammar without memory holds it, so the items that stand are
// kept beside the grammar, and a token that would end one of them a second time is refused.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace bastide::models::local {

/// One array at a time, of strings, numbers and plain words: such items hold no others. One thread at a time.
class DistinctItems {
 public:
  /// The array's bracket was written.
  void begin();
  /// What was written after it.
  void note(char c) { (void)step(c); }
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// Now `repeats` is true only of pieces with a quote, a bracket or a comma.
  [[nodiscard]] bool needs_signs() const { return !is_open_ || in_string_; }
  /// Whether `piece` would lead to an item twice: end one that is there, or begin one that could only become
  /// it. Also within `piece` alone, of arrays that it begins itself, whatever these are.
  [[nodiscard]] bool repeats(std::string_view piece) const;
  /// Whether a text that stands begins as the one that is being written.
  [[nodiscard]] bool begins_again() const;
  /// Whether the text that is being written would be one that stands, if it ended behind `piece`.
  [[nodiscard]] bool completes(std::string_view piece) const;

 private:
  bool step(char c);

  bool is_open_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  std::string item_;            // as it is written so far
  std::set<std::string> seen_;  // by value
};

}  // namespace bastide::models::local
