// What the detectors of names share: which words can be part of a name, and how far a name goes.
#pragma once

#include "guard/tokens.h"

namespace bastide::guard::names {

inline bool is_upper_start(const Token& t) {
  return t.shape == Shape::capital || t.shape == Shape::upper || t.shape == Shape::initial;
}

/// A capitalised word that can stand in a person's name. Everyday words only where a list of names has them
/// too.
inline bool can_be_name(const Scan& scan, std::size_t i) {
  if (i >= scan.tokens.size()) return false;
  const auto& t = scan.tokens[i];
  if (t.shape == Shape::initial) return true;
  if (t.shape != Shape::capital && t.shape != Shape::upper) return false;
  if ((t.kinds & (word::first_name | word::surname)) != 0) return true;
  constexpr auto never = word::common | word::month | word::weekday | word::company_form |
                         word::organisation | word::organisation_head | word::way_fr | word::way_en |
                         word::unit_en | word::place | word::title;
  return (t.kinds & never) == 0;
}

/// Only a blank, or the dot of an initial and a blank, between token `i` and the next.
inline bool joined(const Scan& scan, std::size_t i) {
  if (i + 1 >= scan.tokens.size()) return false;
  auto gap = scan.gap(i);
  if (gap == " ") return true;
  return scan.tokens[i].shape == Shape::initial && (gap == ". " || gap == "." || gap == ".-");
}

/// Last token of the name that begins with `first`: words, initials, and particles followed by a word;
/// `words_max` tokens at most.
inline std::size_t last_of_name(const Scan& scan, std::size_t first, std::size_t words_max = 5) {
  auto last = first;
  while (last - first + 1 < words_max && joined(scan, last)) {
    auto next = last + 1;
    if (can_be_name(scan, next)) {
      last = next;
      continue;
    }
    // "de La Tour", "van der Berg": up to three particles, then a word.
    auto ahead = next;
    while (ahead - next < 3 && scan.has(ahead, word::particle) && scan.tokens[ahead].shape != Shape::upper &&
           joined(scan, ahead))
      ++ahead;
    bool elided = scan.has(next, word::particle) && scan.gap(next) == "'" && next == ahead;
    if (elided) ++ahead;
    if (ahead == next || !can_be_name(scan, ahead) || scan.tokens[ahead].shape == Shape::initial) break;
    last = ahead;
  }
  // A closing initial belongs to the next words ("Marie A"), except with its dot.
  while (last > first && scan.tokens[last].shape == Shape::initial && !scan.gap(last).starts_with('.'))
    --last;
  return last;
}

inline Gender gender_of(word::Kinds kinds) {
  bool m = (kinds & word::masculine) != 0, f = (kinds & word::feminine) != 0;
  return m == f ? Gender::unknown : m ? Gender::masculine : Gender::feminine;
}

}  // namespace bastide::guard::names
