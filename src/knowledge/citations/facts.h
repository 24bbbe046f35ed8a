// What a text states, as far as words tell: content words, numbers, dates, names, negation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bastide::knowledge::citations {

/// Sorted sets unless said otherwise.
struct Facts {
  std::vector<std::string> words;     // folded, in order, function words included
  std::vector<std::string> stems;     // of content words, each once, in order of appearance
  std::vector<std::string> stem_set;  // the same, sorted
  std::vector<std::string> numbers;   // normalised: "20000", "14.2"; number words too
  std::vector<std::string>
      dates;  // months and days of the week, the same in both languages: "month 3", "day 1"
  std::vector<std::string> names;                             // stems of what is written as a name
  std::vector<std::pair<std::string, std::string>> measures;  // number and unit: {"2", "day"}
  bool negated = false;

  [[nodiscard]] bool has_stem(const std::string& stem) const;
};

/// `text` is valid UTF-8.
[[nodiscard]] Facts facts_of(std::string_view text);

/// Whether the set holds `stem` or a word of the same family: five common letters at least, and short rests
/// ("autorisé", "autorisation").
[[nodiscard]] bool holds_family(const std::vector<std::string>& sorted_stems, std::string_view stem);

[[nodiscard]] bool is_subset(const std::vector<std::string>& sorted_part,
                             const std::vector<std::string>& sorted_whole);

}  // namespace bastide::knowledge::citations
