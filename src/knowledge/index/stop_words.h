// Function words of French and English, folded.
#pragma once

#include <string_view>

namespace bastide::knowledge::index {

/// Function words of one language, also those that are words of content in the other.
[[nodiscard]] bool is_french_function_word(std::string_view folded_word);
[[nodiscard]] bool is_english_function_word(std::string_view folded_word);
/// In either language.
[[nodiscard]] inline bool is_function_word(std::string_view folded_word) {
  return is_french_function_word(folded_word) || is_english_function_word(folded_word);
}
/// Words that ask without saying of what: combien, quel, which, please ...
[[nodiscard]] bool is_question_word(std::string_view folded_word);
/// What stands before an apostrophe in French: l, d, qu, jusqu ...
[[nodiscard]] bool is_elision(std::string_view folded_word);
/// Words that turn a statement round: ne, pas, sans, not, never ...
[[nodiscard]] bool is_negation(std::string_view folded_word);

}  // namespace bastide::knowledge::index
