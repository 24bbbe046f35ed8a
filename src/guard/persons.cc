#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "guard/detectors.h"
#include "guard/names.h"

namespace bastide::guard {
namespace {
using namespace names;

void add_person(Scan& scan, std::size_t first, std::size_t last, double score, std::string_view rule,
                Gender gender) {
  scan.add(Type::person, scan.tokens[first].begin, scan.tokens[last].end, score, rule);
  scan.hits.back().gender = gender;
}

Gender gender_from(const Scan& scan, std::size_t first, std::size_t last) {
  for (auto i = first; i <= last; ++i)
    if (auto gender = gender_of(scan.tokens[i].kinds); gender != Gender::unknown) return gender;
  return Gender::unknown;
}

bool article(const Scan& scan, std::size_t i) {
  return scan.is_any(i, {"the", "le", "la", "les", "l", "du", "des", "un", "une", "this", "our", "notre",
                         "cette", "ce", "a", "an"});
}

// "M. Dupont", "Dr Anne Martin": the name without its title. Words such as General or Captain also begin
// other things, so they need a name that the lists know.
bool after_title(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& title = scan.tokens[i];
  if ((title.kinds & word::title) == 0 || title.shape == Shape::mixed || title.shape == Shape::upper) {
    if (!(scan.is(i, "MM") && title.shape == Shape::upper)) return false;
  }
  bool lower = title.shape == Shape::lower;
  if (lower && !(scan.is(i, "monsieur") || scan.is(i, "madame") || scan.is(i, "mademoiselle") ||
                 scan.is(i, "docteur") || scan.is(i, "mr") || scan.is(i, "mrs") || scan.is(i, "mme") ||
                 scan.is(i, "mlle") || scan.is(i, "dr")))
    return false;
  if (title.shape == Shape::initial && !scan.is(i, "m")) return false;
  auto gap = scan.gap(i);
  if (gap != " " && gap != ". " && gap != ".") return false;
  if (title.shape == Shape::initial && i > 0 && scan.tokens[i - 1].shape == Shape::initial &&
      scan.gap(i - 1) != ", ")
    return false;
  auto first = i + 1;
  // "Mme le Dr Martin", "Monsieur et Madame Dupont": the inner title has its own turn.
  if (first >= scan.tokens.size() || scan.has(first, word::title)) return false;
  while (scan.has(first, word::particle) && scan.tokens[first].shape == Shape::lower &&
         scan.gap(first) == " " && first - i < 3 && !scan.has(first, word::role))
    ++first;
  if (first >= scan.tokens.size()) return false;
  const auto& name = scan.tokens[first];
  if (!is_upper_start(name) || scan.has(first, word::role | word::organisation_head | word::company_form))
    return false;
  bool strong = (title.kinds & (word::title_m | word::title_f)) != 0 || scan.is(i, "dr") ||
                scan.is(i, "docteur") || scan.is(i, "doctor") || scan.is(i, "pr") || scan.is(i, "prof") ||
                scan.is(i, "professeur") || scan.is(i, "professor") || scan.is(i, "me") ||
                scan.is(i, "maitre") || scan.is(i, "ma\xc3\xaetre");
  if (!strong && (name.kinds & (word::first_name | word::surname)) == 0) return false;
  if (scan.is(i, "me") && (name.kinds & word::common) != 0) return false;
  if ((name.kinds & word::common) != 0 && (name.kinds & (word::first_name | word::surname)) == 0)
    return false;
  last = last_of_name(scan, first);
  auto gender = (title.kinds & word::title_m) != 0   ? Gender::masculine
                : (title.kinds & word::title_f) != 0 ? Gender::feminine
                                                     : gender_from(scan, first, last);
  // Particles before the name are part of it.
  while (first > i + 1) --first;
  add_person(scan, first, last, .92, "person.title", gender);
  return true;
}

// Typed without capitals: "je m'appelle jean dupont".
bool lower_name(const Scan& scan, std::size_t i) {
  return i < scan.tokens.size() && scan.tokens[i].shape == Shape::lower &&
         (scan.tokens[i].kinds & (word::first_name | word::surname)) != 0 &&
         (scan.tokens[i].kinds & word::common) == 0;
}

// "je m'appelle X", "my name is X", "nom : X", "Bonjour X,", "Cordialement,\nX". `i` is the last word of what
// introduces.
bool after_introduction(Scan& scan, std::size_t i, std::size_t& last) {
  auto next = i + 1;
  if (next >= scan.tokens.size()) return false;
  auto gap = scan.gap(i);
  auto prev = [&](std::size_t back, std::string_view word) { return i >= back && scan.is(i - back, word); };

  bool calls = (scan.is(i, "appelle") || scan.is(i, "appelles") || scan.is(i, "pr\xc3\xa9nomme") ||
                scan.is(i, "nomme")) &&
               (prev(1, "m") || prev(1, "s") || prev(1, "t"));
  bool name_is = (scan.is(i, "is") || scan.is(i, "est")) &&
                 (prev(1, "name") || prev(1, "nom") || prev(1, "pr\xc3\xa9nom"));
  bool named = scan.has(i, word::person_noun) &&
               (scan.is(i, "named") || scan.is(i, "nomm\xc3\xa9") ||
                scan.is(i,
                        "nomm\xc3\xa9"
                        "e") ||
                scan.is(i, "pr\xc3\xa9nomm\xc3\xa9") || scan.is(i, "appel\xc3\xa9") ||
                scan.is(i,
                        "appel\xc3\xa9"
                        "e"));
  if ((calls || name_is || named) && (gap == " " || gap == ": " || gap == " : " || gap == " \"")) {
    if (can_be_name(scan, next) && scan.tokens[next].shape != Shape::initial) {
      last = last_of_name(scan, next);
      add_person(scan, next, last, named ? .85 : .95, "person.introduced", gender_from(scan, next, last));
      return true;
    }
    if (!named && (lower_name(scan, next) ||
                   (calls && scan.tokens[next].shape == Shape::lower &&
                    (scan.tokens[next].kinds & word::common) == 0 && scan.word(next).size() > 3))) {
      last = next;
      if (scan.gap(next) == " " && next + 1 < scan.tokens.size() &&
          scan.tokens[next + 1].shape == Shape::lower &&
          (lower_name(scan, next + 1) && !scan.has(next + 1, word::particle)))
        ++last;
      if (calls || lower_name(scan, next)) {
        add_person(scan, next, last, .8, "person.introduced", gender_from(scan, next, last));
        return true;
      }
    }
    return false;
  }
  bool am = (scan.is(i, "suis") && prev(1, "je")) || (scan.is(i, "am") && prev(1, "i")) ||
            scan.is(i, "i'm") || (scan.is(i, "is") && prev(1, "this"));
  if (am && gap == " ") {
    bool known = scan.has(next, word::first_name) && scan.tokens[next].shape == Shape::capital;
    bool two = can_be_name(scan, next) && joined(scan, next) && can_be_name(scan, next + 1) &&
               scan.tokens[next].shape == Shape::capital && scan.tokens[next + 1].shape != Shape::initial;
    if (known || two) {
      last = last_of_name(scan, next);
      add_person(scan, next, last, .85, "person.introduced", gender_from(scan, next, last));
      return true;
    }
    return false;
  }
  // A field of a form or of a record: "Nom : X", "name": "X", patient=X.
  if (scan.has(i, word::field) && !scan.has(next, word::common)) {
    auto rest = gap;
    bool sign = false, clean = rest.size() <= 8;
    for (char c : rest) {
      sign = sign || c == ':' || c == '=';
      clean = clean && (c == ' ' || c == ':' || c == '=' || c == '"' || c == '\'' || c == '*' || c == '\t');
    }
    bool fits = can_be_name(scan, next) && scan.tokens[next].shape != Shape::initial &&
                !(scan.tokens[next].shape == Shape::upper && scan.word(next).size() < 3);
    if (sign && clean && fits) {
      last = last_of_name(scan, next);
      bool known = false;
      for (auto k = next; k <= last; ++k) known = known || scan.has(k, word::first_name | word::surname);
      auto after = scan.gap(last);
      bool ends = after.empty() || std::string_view(",;\n\"'<|)").find(after[0]) != std::string_view::npos;
      bool strict = scan.is(i, "nom") || scan.is(i, "pr\xc3\xa9nom") || scan.is(i, "name") ||
                    scan.is(i, "surname") || scan.is(i, "firstname") || scan.is(i, "lastname") ||
                    scan.is(i, "patient") || scan.is(i, "patiente");
      if (known || (ends && (strict || last > next) && !scan.tokens[next].quiet)) {
        add_person(scan, next, last, known ? .9 : .75, "person.field", gender_from(scan, next, last));
        return true;
      }
    }
  }
  if (scan.has(i, word::greeting) && gap == " " && scan.tokens[next].shape == Shape::capital) {
    last = last_of_name(scan, next);
    auto after = scan.gap(last).substr(0, 1);
    bool ends =
        after == "," || after == "!" || after == "\n" || scan.gap(last).starts_with(" !") || after.empty();
    bool known = scan.has(next, word::first_name);
    if (known || (ends && can_be_name(scan, next))) {
      add_person(scan, next, last, known ? .85 : .7, "person.greeting", gender_from(scan, next, last));
      return true;
    }
    return false;
  }
  if (scan.has(i, word::closing) && gap.find('\n') != std::string_view::npos && gap.size() <= 12 &&
      can_be_name(scan, next) && scan.tokens[next].shape != Shape::initial) {
    last = last_of_name(scan, next);
    auto after = scan.gap(last);
    if (after.empty() || after[0] == '\n' || after[0] == '\r' || after[0] == ',') {
      add_person(scan, next, last, .85, "person.signature", gender_from(scan, next, last));
      return true;
    }
  }
  return false;
}

// A first name with what follows, or by itself.
bool first_name(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  if ((t.kinds & word::first_name) == 0 || (t.shape != Shape::capital && t.shape != Shape::upper))
    return false;
  if (i > 0 &&
      (scan.is(i - 1, "saint") || scan.is(i - 1, "sainte") || scan.is(i - 1, "st") ||
       scan.is(i - 1, "san")) &&
      scan.gap(i - 1).size() <= 2)
    return false;
  bool ambiguous =
      (t.kinds & (word::ambiguous_name | word::common | word::place)) != 0 || t.shape == Shape::upper;
  last = last_of_name(scan, i);
  // "Jean-Marie de Nantes": a place that ends it is no surname, and can_be_name has cut it already.
  bool known = false, next_upper = false;
  for (auto k = i + 1; k <= last; ++k) {
    known = known || scan.has(k, word::first_name | word::surname);
    next_upper = next_upper || (scan.tokens[k].shape == Shape::upper && t.shape == Shape::capital &&
                                scan.word(k).size() > 2);
  }
  bool cue = i > 0 && scan.has(i - 1, word::person_noun | word::greeting) && scan.gap(i - 1).size() <= 2;
  bool definite = i > 0 && article(scan, i - 1) && scan.gap(i - 1).size() == 1;
  if (last > i) {
    double score = !ambiguous ? (known || next_upper ? .92 : .85) : (known || next_upper) ? .75 : .6;
    bool initial = scan.tokens[i + 1].shape == Shape::initial;
    if (ambiguous && !known && !next_upper && !cue && !initial && (t.sentence_start || definite))
      return false;
    if (definite && !known && !cue) return false;
    if (t.quiet && !(known && !ambiguous)) return false;
    // "Morgan Stanley Inc": a company, which has its own detector.
    if (last + 1 < scan.tokens.size() && scan.gap(last) == " " && scan.has(last + 1, word::company_form) &&
        scan.tokens[last + 1].shape != Shape::lower)
      return false;
    add_person(scan, i, last, score, "person.full_name", gender_of(t.kinds));
    return true;
  }
  if (t.quiet || t.shape == Shape::upper || definite) return false;
  if (ambiguous && !cue) return false;
  if (i + 1 < scan.tokens.size() && scan.gap(i) == " " &&
      scan.has(i + 1, word::company_form | word::organisation_head | word::way_en) &&
      scan.tokens[i + 1].shape != Shape::lower)
    return false;
  add_person(scan, i, i, cue ? .75 : .6, "person.first_name", gender_of(t.kinds));
  return true;
}

// Two capitalised words that no list knows as anything else, where the words around expect a person.
bool by_context(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  if (t.quiet || t.shape != Shape::capital || !can_be_name(scan, i) || (t.kinds & word::place) != 0)
    return false;
  last = last_of_name(scan, i);
  if (last == i) return false;
  if (i > 0 && article(scan, i - 1) && scan.gap(i - 1).size() == 1) return false;
  bool middle_initial = last >= i + 2 && scan.tokens[i + 1].shape == Shape::initial;
  bool surname = scan.has(last, word::surname) && (scan.tokens[last].kinds & word::common) == 0;
  bool cue_before = i > 0 && scan.has(i - 1, word::person_noun) && scan.gap(i - 1) == " ";
  bool cue_after = last + 1 < scan.tokens.size() && scan.has(last + 1, word::person_verb) &&
                   scan.gap(last) == " " && scan.tokens[last + 1].shape == Shape::lower;
  auto gap = scan.gap(last);
  bool possessive = gap.starts_with("'s");
  bool first_surname = t.shape == Shape::capital && scan.has(i, word::surname);
  double score = 0;
  if (middle_initial)
    score = .75;
  else if (cue_before || cue_after)
    score = .7;
  else if (surname && !t.sentence_start)
    score = .65;
  else if (possessive && !t.sentence_start && last == i + 1)
    score = .55;
  else if (surname && first_surname)
    score = .55;
  if (score == 0) return false;
  add_person(scan, i, last, score, "person.context", Gender::unknown);
  return true;
}

// "DUPONT Jean", "Dupont, Jean", "J. Dupont".
bool surname_first(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  if (i + 1 >= scan.tokens.size()) return false;
  const auto& next = scan.tokens[i + 1];
  auto gap = scan.gap(i);
  bool given = next.shape == Shape::capital && (next.kinds & word::first_name) != 0;
  if (t.shape == Shape::upper && scan.word(i).size() >= 3 && given && gap == " " && can_be_name(scan, i) &&
      !t.quiet) {
    last = last_of_name(scan, i + 1, 2);
    if ((next.kinds & word::ambiguous_name) != 0 && (t.kinds & word::surname) == 0) return false;
    add_person(scan, i, last, .85, "person.surname_first", gender_of(next.kinds));
    return true;
  }
  if ((t.kinds & word::surname) != 0 && (t.kinds & word::common) == 0 && is_upper_start(t) && given &&
      gap == ", " && !t.quiet && (next.kinds & word::ambiguous_name) == 0) {
    last = i + 1;
    add_person(scan, i, last, .65, "person.surname_first", gender_of(next.kinds));
    return true;
  }
  if (t.shape == Shape::initial && gap == ". " && next.shape == Shape::capital && !t.sentence_start &&
      (next.kinds & (word::surname | word::first_name)) != 0 && (next.kinds & word::common) == 0 &&
      !t.quiet) {
    last = i + 1;
    add_person(scan, i, last, .65, "person.initial", Gender::unknown);
    return true;
  }
  return false;
}

// Who was named in full is also meant by the surname alone.
void repeated_surnames(Scan& scan, std::size_t first_hit) {
  constexpr std::size_t surnames_max = 64;
  std::vector<std::string_view> surnames;
  auto hit_count = scan.hits.size();
  for (auto h = first_hit; h < hit_count && surnames.size() < surnames_max; ++h) {
    const auto& hit = scan.hits[h];
    auto name = scan.text.substr(hit.begin, hit.end - hit.begin);
    auto space = name.rfind(' ');
    if (hit.score < .8F) continue;
    bool titled = hit.rule == "person.title" || hit.rule == "person.introduced";
    if (space == std::string_view::npos && !titled) continue;
    auto surname = space == std::string_view::npos ? name : name.substr(space + 1);
    if (surname.size() >= 3 && std::ranges::find(surnames, surname) == surnames.end())
      surnames.push_back(surname);
  }
  if (surnames.empty()) return;
  for (std::size_t i = 0; i < scan.tokens.size(); ++i) {
    const auto& t = scan.tokens[i];
    if ((t.shape != Shape::capital && t.shape != Shape::upper) || (t.kinds & word::common) != 0) continue;
    auto word = scan.word(i);
    if (std::ranges::find(surnames, word) != surnames.end())
      scan.add(Type::person, t.begin, t.end, .6, "person.repeated");
  }
}

}  // namespace

void find_persons(Scan& scan) {
  auto first_hit = scan.hits.size();
  constexpr auto introduces = word::introduction | word::field | word::greeting | word::closing;
  each_notable(scan, [&](std::size_t i) {
    std::size_t last = i;
    const auto kinds = scan.tokens[i].kinds;
    if ((kinds & word::title) != 0 && after_title(scan, i, last)) return last;
    if ((kinds & introduces) != 0 && after_introduction(scan, i, last)) return last;
    if (is_upper_start(scan.tokens[i]) &&
        (surname_first(scan, i, last) || first_name(scan, i, last) || by_context(scan, i, last)))
      return last;
    return i;
  });
  repeated_surnames(scan, first_hit);
}

}  // namespace bastide::guard
