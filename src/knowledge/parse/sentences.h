// Sentences and words of French and English text, on ICU.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "knowledge/parse/document.h"

namespace bastide::knowledge::parse {

struct Sentence {
  TextRange range;        // code points in the text that was given, without surrounding white space
  std::string_view text;  // the same, a view into what was given
};

/// Splits where ICU (UAX 29) and the abbreviations of both languages agree that a sentence ends: "M. Dupont",
/// "art. 5", "p. 12", "n° 3", "Dr. Smith", "e.g. this", "J. K. Rowling" do not end one; a blank line, and a
/// line end before a list mark or a table row, does. `text` is valid UTF-8 and must outlive the result.
/// Thread-safe.
[[nodiscard]] std::vector<Sentence> sentences(std::string_view text);

/// Words between spaces that hold a letter or digit; scripts without spaces count two characters a word.
/// Thread-safe.
[[nodiscard]] std::size_t count_words(std::string_view text);

}  // namespace bastide::knowledge::parse
