// Organisations, and places by list.
#include <array>
#include <string>

#include "base/text.h"
#include "guard/detectors.h"
#include "guard/names.h"

namespace bastide::guard {
namespace {
using namespace names;

bool cased_form(const Scan& scan, std::size_t i) {
  if (!scan.has(i, word::company_form)) return false;
  const auto& t = scan.tokens[i];
  auto text = scan.word(i);
  if (t.shape == Shape::upper) return true;
  if (text == "Ltd" || text == "Inc" || text == "GmbH" || text == "Limited" || text == "Incorporated" ||
      text == "Corp" || text == "Corporation" || text == "Oy" || text == "Srl" || text == "SpA" ||
      text == "Sarl" || text == "Co" || text == "ApS" || text == "Pty")
    return true;
  return false;
}

bool part_of_company(const Scan& scan, std::size_t i) {
  const auto& t = scan.tokens[i];
  if (t.shape == Shape::code) return scan.word(i)[0] >= 'A' && scan.word(i)[0] <= 'Z';
  if (!is_upper_start(t) && t.shape != Shape::mixed) return false;
  return (t.kinds & (word::month | word::weekday | word::title)) == 0 &&
         !((t.kinds & word::common) != 0 && t.sentence_start &&
           (t.kinds & (word::organisation_head | word::surname)) == 0);
}

// "Dupont & Fils SARL", "Acme, Inc.": back from the legal form.
bool with_form_behind(Scan& scan, std::size_t i) {
  if (!cased_form(scan, i) || i == 0) return false;
  auto gap = scan.gap(i - 1);
  if (gap != " " && gap != ", ") return false;
  std::size_t first = i;
  constexpr std::size_t words_max = 5;
  while (first > 0 && i - first < words_max) {
    auto between = scan.gap(first - 1);
    bool linked = between == " " || between == " & " || between == "-" || (first == i && between == ", ");
    if (!linked) break;
    if (part_of_company(scan, first - 1)) {
      --first;
      continue;
    }
    bool link = (scan.is(first - 1, "et") || scan.is(first - 1, "and") || scan.is(first - 1, "de") ||
                 scan.is(first - 1, "of")) &&
                first < i;
    if (link && first >= 2 && scan.gap(first - 2) == " " && part_of_company(scan, first - 2)) {
      first -= 2;
      continue;
    }
    break;
  }
  if (first == i) return false;
  auto end = static_cast<std::size_t>(scan.tokens[i].end);
  if (end < scan.text.size() && scan.text[end] == '.' && scan.tokens[i].shape == Shape::capital) ++end;
  scan.add(Type::organisation, scan.tokens[first].begin, end, .88, "organisation.legal_form");
  return true;
}

// "SARL Dupont", "société Acme", "Université de Lille", "Acme Bank".
bool with_head(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  bool form = t.shape == Shape::upper && scan.word(i).size() >= 3 && scan.has(i, word::company_form);
  bool head = (t.kinds & word::organisation_head) != 0 && t.shape != Shape::upper;
  if (!form && !head) return false;
  auto first = i + 1;
  if (first >= scan.tokens.size() || scan.gap(i) != " ") return false;
  bool linked = false;
  for (std::string_view word : {"de", "du", "d", "des", "of", "la"})
    while (first < scan.tokens.size() && first - i <= 3 && scan.is(first, word) &&
           scan.tokens[first].shape == Shape::lower && (scan.gap(first) == " " || scan.gap(first) == "'")) {
      ++first;
      linked = true;
    }
  if (first >= scan.tokens.size() || !is_upper_start(scan.tokens[first]) ||
      scan.has(first, word::month | word::weekday))
    return false;
  if (head && t.shape == Shape::capital && scan.has(first, word::common) && !linked) return false;
  if (head && linked && scan.has(first, word::common)) return false;
  last = first;
  while (last - first < 3 && joined(scan, last) && is_upper_start(scan.tokens[last + 1]) &&
         !scan.has(last + 1, word::common))
    ++last;
  // Public bodies are named by what they do; alone, an adjective follows ("Conseil Municipal").
  const bool body = scan.is_any(i, {"conseil",
                                    "comite",
                                    "comit\xc3\xa9",
                                    "chambre",
                                    "caisse",
                                    "ministere",
                                    "minist\xc3\xa8re",
                                    "agence",
                                    "prefecture",
                                    "pr\xc3\xa9"
                                    "fecture",
                                    "tribunal",
                                    "rectorat",
                                    "mairie",
                                    "hopital",
                                    "h\xc3\xb4pital",
                                    "universite",
                                    "universit\xc3\xa9",
                                    "school",
                                    "ministry",
                                    "agency",
                                    "church",
                                    "institut",
                                    "ecole",
                                    "\xc3\xa9"
                                    "cole"});
  if (body && !linked) return false;
  bool whole = form || t.shape == Shape::capital;
  if (!whole && linked && scan.has(first, word::place)) return false;  // "la mairie de Lyon": the place alone
  scan.add(Type::organisation, whole ? t.begin : scan.tokens[first].begin, scan.tokens[last].end,
           form ? .8 : .65, form ? "organisation.legal_form" : "organisation.head");
  scan.hits.back().personal = !body;
  return true;
}

bool english_head_behind(Scan& scan, std::size_t i, std::size_t& last) {
  if (!is_upper_start(scan.tokens[i]) || scan.tokens[i].quiet || !can_be_name(scan, i)) return false;
  last = i;
  while (last - i < 3 && scan.gap(last) == " " && last + 1 < scan.tokens.size() &&
         is_upper_start(scan.tokens[last + 1])) {
    ++last;
    for (std::string_view word : {"Group", "Bank", "University", "Foundation", "Institute", "Agency",
                                  "Hospital", "Company", "Association"})
      if (scan.word(last) == word) {
        scan.add(Type::organisation, scan.tokens[i].begin, scan.tokens[last].end, .7, "organisation.head");
        return true;
      }
  }
  return false;
}

// Towns that are also words, and stand for the town only after a preposition.
bool doubtful_place(const Scan& scan, std::size_t i) {
  return scan.is_any(
      i, {"nice",    "tours",   "sens",      "reading", "gap",     "lens",    "mende",  "albi",
          "hull",    "cork",    "laval",     "bari",    "split",   "valence", "vienne", "agen",
          "castres", "orange",  "mons",      "linz",    "chad",    "jordan",  "turkey", "niger",
          "georgia", "lima",    "goa",       "bali",    "perth",   "fiji",    "mali",   "cuba",
          "dover",   "york",    "lancaster", "buffalo", "phoenix", "roma",    "parme",  "grenade",
          "nancy",   "moulins", "verdun",    "sedan",   "melun",   "saintes", "pise",   "lodz",
          "cannes",  "savoie",  "vichy",     "togo",    "derby",   "guinea",  "bath",   "ontario"});
}

bool preposition(const Scan& scan, std::size_t i) {
  return scan.is_any(i, {"\xc3\xa0", "a", "de", "d", "en", "au", "aux", "in", "at", "from", "to", "near",
                         "vers", "pour", "of", "sur", "depuis"});
}

bool place(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  bool capital = t.shape == Shape::capital || t.shape == Shape::upper;
  if (!capital || t.quiet || (t.kinds & (word::place | word::place_start)) == 0) return false;
  last = i;
  word::Kinds kinds = t.kinds & word::place;
  if ((t.kinds & word::place_start) != 0) {
    std::array<char, 96> key{};
    std::size_t size = fold(scan.word(i), key.data(), key.size());
    for (auto k = i + 1; k < scan.tokens.size() && k - i < 4 && scan.gap(k - 1) == " "; ++k) {
      if (size + 1 >= key.size()) break;
      key[size++] = '_';
      size += fold(scan.word(k), key.data() + size, key.size() - size);
      if (auto phrase = scan.lexicon->kinds({key.data(), size}) & word::place; phrase != 0) {
        kinds = phrase;
        last = k;
      }
    }
  }
  if (kinds == 0) return false;
  if (t.shape == Shape::upper && last == i && scan.word(i).size() < 4 && scan.word(i) != "USA") return false;
  bool after = i > 0 && preposition(scan, i - 1);
  if (last == i && doubtful_place(scan, i) && !after) return false;
  if (last == i && (t.kinds & word::first_name) != 0 && !after) return false;
  // A word of a name or of an organisation: "Crédit Lyon", "Paris Hilton".
  scan.add(Type::location, t.begin, scan.tokens[last].end, after ? .85 : .75, "location.list");
  scan.hits.back().personal = scan.near(word::home | word::birth, t.begin, scan.tokens[last].end, 4, 0);
  if (scan.hits.back().personal) scan.hits.back().rule = "location.of_person";
  return true;
}

// "habite à Colline-sur-Mer", "lives in Smallville".
bool home(Scan& scan, std::size_t i, std::size_t& last) {
  if (!scan.has(i, word::home) || i + 2 >= scan.tokens.size() || scan.gap(i) != " ") return false;
  auto next = i + 1;
  if (!scan.is(next, "\xc3\xa0") && !scan.is(next, "in") && !scan.is(next, "en") && !scan.is(next, "at"))
    return false;
  auto name = next + 1;
  if (scan.gap(next) != " " || scan.tokens[name].shape != Shape::capital ||
      (scan.tokens[name].kinds & (word::place | word::common)) != 0)
    return false;
  last = name;
  while (last - name < 2 && joined(scan, last) && scan.tokens[last + 1].shape == Shape::capital &&
         !scan.has(last + 1, word::common))
    ++last;
  scan.add(Type::location, scan.tokens[name].begin, scan.tokens[last].end, .65, "location.of_person");
  return true;
}

}  // namespace

void find_organisations(Scan& scan) {
  each_notable(scan, [&](std::size_t i) {
    const auto& t = scan.tokens[i];
    std::size_t last = i;
    if (with_form_behind(scan, i) || t.quiet) return i;
    if (with_head(scan, i, last) || english_head_behind(scan, i, last)) return last;
    if ((t.kinds & word::organisation) != 0 && t.shape != Shape::lower) {
      bool doubtful =
          (t.kinds & (word::common | word::first_name | word::surname)) != 0 && t.shape != Shape::mixed;
      bool word_like = scan.is(i, "total") || scan.is(i, "meta") || scan.is(i, "visa") ||
                       scan.is(i, "shell") || scan.is(i, "mistral") || scan.is(i, "axa") ||
                       scan.is(i, "roche") || scan.is(i, "hermes") || scan.is(i, "cisco") ||
                       scan.is(i, "oracle");
      if ((doubtful || word_like) && t.sentence_start) return i;
      if (doubtful && (t.kinds & (word::first_name | word::surname)) != 0) return i;
      scan.add(Type::organisation, t.begin, t.end, .6, "organisation.list");
      scan.hits.back().personal = false;
    }
    return i;
  });
}

void find_places(Scan& scan) {
  each_notable(scan, [&](std::size_t i) {
    std::size_t last = i;
    return place(scan, i, last) || home(scan, i, last) ? last : i;
  });
}

}  // namespace bastide::guard
