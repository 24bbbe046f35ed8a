// From text to the terms that are indexed, for French and English together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::knowledge::index {

/// Compatibility form, lower case, without accents, ligatures written out: "Œuvre d'Été" gives "oeuvre
/// d'ete". Any bytes in (malformed ones become U+FFFD). Thread-safe.
[[nodiscard]] std::string folded(std::string_view text);

/// A word or number as it stands. `start` and `end` are bytes of the text.
struct Word {
  std::size_t start = 0;
  std::size_t end = 0;
  std::string folded;  // as `folded`
};

/// Words in order: runs of letters, digits and marks; an apostrophe, a hyphen and every other sign ends one;
/// ideographs stand alone; the elided article before an apostrophe ("l'", "qu'") and the English "'s" are
/// left out. At most `words_max` words, of at most 64 bytes each (longer runs are cut).
[[nodiscard]] std::vector<Word> words(std::string_view text, std::size_t words_max = 1'000'000);

/// Light stem of a folded word: plurals, feminines, infinitives and a few English endings go. Made for
/// finding, not for reading; the same for both languages, so that a mixed collection has one index.
[[nodiscard]] std::string stem(std::string_view folded_word);

/// Words that say nothing of what a text is about, in either language, and mean nothing else in the other.
[[nodiscard]] bool is_stop_word(std::string_view folded_word);

/// Stems of the words that are not stop words.
[[nodiscard]] std::vector<std::string> terms(std::string_view text);

/// As `terms`, for a question: words that are stop words in the question's own language only ("car" in
/// French) and words that only ask ("combien", "which") go too, unless nothing would be left. Each term once,
/// at most `terms_max`.
[[nodiscard]] std::vector<std::string> query_terms(std::string_view text, std::size_t terms_max = 48);

/// How the indexes name a term.
[[nodiscard]] std::uint64_t term_hash(std::string_view term);

}  // namespace bastide::knowledge::index
