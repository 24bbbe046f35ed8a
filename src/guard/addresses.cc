#include <array>

#include "guard/detectors.h"
#include "guard/names.h"

namespace bastide::guard {
namespace {
using namespace names;

bool number_token(const Scan& scan, std::size_t i, std::size_t digits_max) {
  if (i >= scan.tokens.size()) return false;
  const auto& t = scan.tokens[i];
  if (t.shape == Shape::number) return t.end - t.begin <= digits_max;
  // "12bis", "4B"
  return t.shape == Shape::code && scan.word(i)[0] >= '0' && scan.word(i)[0] <= '9' && t.end - t.begin <= 7;
}

bool soft_gap(std::string_view gap) {
  if (gap.empty() || gap.size() > 5) return false;
  return gap.find_first_not_of(", \n\r-") == std::string_view::npos;
}

bool french_particle(const Scan& scan, std::size_t i) {
  return scan.is_any(
      i, {"de", "du", "des", "d", "la", "le", "les", "l", "et", "sur", "en", "aux", "au", "sous", "saint"});
}

// "75002 Paris Cedex 02" after byte gap of token `i`; gives its last token, or `i`.
std::size_t french_town(const Scan& scan, std::size_t i) {
  auto code = i + 1;
  if (code >= scan.tokens.size() || !soft_gap(scan.gap(i))) return i;
  if (scan.is(code, "F") && scan.gap(code) == "-") ++code;
  if (code >= scan.tokens.size() || scan.tokens[code].shape != Shape::number ||
      scan.tokens[code].end - scan.tokens[code].begin != 5)
    return i;
  auto last = code;
  while (last + 1 < scan.tokens.size() && last - code < 5 &&
         (scan.gap(last) == " " || scan.gap(last) == "-" || scan.gap(last) == "'" ||
          (last == code && scan.gap(last) == ", "))) {
    const auto& next = scan.tokens[last + 1];
    bool town = is_upper_start(next) && (next.kinds & (word::title_m | word::title_f | word::weekday)) == 0;
    bool lower_town = next.shape == Shape::lower && (next.kinds & word::town) != 0;
    bool particle = french_particle(scan, last + 1) && last > code && last + 2 < scan.tokens.size() &&
                    is_upper_start(scan.tokens[last + 2]);
    if (!town && !lower_town && !particle) break;
    ++last;
    if (scan.is(last, "cedex")) {
      if (last + 1 < scan.tokens.size() && scan.gap(last) == " " &&
          scan.tokens[last + 1].shape == Shape::number && scan.word(last + 1).size() <= 2)
        ++last;
      break;
    }
  }
  return last;
}

// Words of a street's name from token `i` on: to a comma, a line's end, a number, or a lower word that is no
// particle.
std::size_t street_name(const Scan& scan, std::size_t i, bool typed_lower) {
  auto last = i;
  constexpr std::size_t words_max = 8;
  while (last + 1 < scan.tokens.size() && last - i < words_max) {
    auto gap = scan.gap(last);
    if (gap != " " && gap != "'" && gap != "-" && gap != ". ") break;
    if (gap == ". " && scan.tokens[last].shape != Shape::initial && last != i && scan.word(last).size() > 3)
      break;
    const auto& next = scan.tokens[last + 1];
    if (is_upper_start(next) || next.shape == Shape::mixed) {
      ++last;
      continue;
    }
    if (french_particle(scan, last + 1)) {
      // A particle goes on only to a word of the name; after a capital it may end the address ("rue Hugo et
      // ...").
      auto after = last + 2;
      while (after < scan.tokens.size() && after - last < 4 && french_particle(scan, after)) ++after;
      if (after >= scan.tokens.size()) break;
      bool capital = is_upper_start(scan.tokens[after]);
      bool plain = scan.tokens[after].shape == Shape::lower && last == i && !scan.is(last + 1, "et") &&
                   !scan.is(last + 1, "en");
      bool date = scan.tokens[after].shape == Shape::number && after + 1 < scan.tokens.size() &&
                  scan.has(after + 1, word::month);
      if (date) {
        last = after + 1;
        continue;
      }
      if (!capital && !plain) break;
      if (scan.is(last + 1, "et") && !capital) break;
      last = after;
      continue;
    }
    // "rue du 8 mai 1945"
    if (next.shape == Shape::number && scan.has(last, word::month) && scan.word(last + 1).size() == 4) {
      ++last;
      break;
    }
    if (next.shape == Shape::lower &&
        ((typed_lower && last - i < 3 && (next.kinds & (word::common | word::particle)) == 0) ||
         (next.kinds & word::town) != 0)) {
      ++last;
      continue;
    }
    break;
  }
  return last;
}

bool french(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& way = scan.tokens[i];
  if ((way.kinds & word::way_fr) == 0 || way.quiet) return false;
  // "rue", "Rue", "av.", not "place" of a sentence: without a number before, a postcode must follow.
  std::size_t first = i;
  bool number = false;
  if (i > 0 && (scan.gap(i - 1) == " " || scan.gap(i - 1) == ", " || scan.gap(i - 1) == "," ||
                scan.gap(i - 1) == " , ")) {
    auto before = i - 1;
    if (scan.is(before, "bis") || scan.is(before, "ter") || scan.is(before, "quater") ||
        (scan.tokens[before].shape == Shape::initial && before > 0)) {
      if (before > 0 && scan.gap(before - 1) == " " && number_token(scan, before - 1, 4)) {
        number = true;
        first = before - 1;
      }
    } else if (number_token(scan, before, 4)) {
      number = true;
      first = before;
      // "12-14 rue", "12 / 14"
      if (before > 0 && (scan.gap(before - 1) == "-" || scan.gap(before - 1) == "/") &&
          number_token(scan, before - 1, 4))
        first = before - 1;
    }
  }
  if (i + 1 >= scan.tokens.size()) return false;
  auto end = street_name(scan, i, number);
  if (end == i) return false;
  // The same word in English text: "12 place orders" has no capital and no particle.
  bool capital = false;
  for (auto k = i + 1; k <= end; ++k) capital = capital || is_upper_start(scan.tokens[k]);
  auto town = french_town(scan, end);
  if (!number && town == end) {
    bool strong = (scan.is(i, "rue") || scan.is(i, "avenue") || scan.is(i, "boulevard") ||
                   scan.is(i, "impasse") || scan.is(i, "quai") || scan.is(i, "chemin"));
    if (!strong || !capital) return false;
    scan.add(Type::address, way.begin, scan.tokens[end].end, .55, "address.street");
    last = end;
    return true;
  }
  if (number && !capital && town == end && !french_particle(scan, i + 1) && !scan.is(i, "rue") &&
      !scan.is(i, "avenue") && !scan.is(i, "boulevard") && !scan.is(i, "bd"))
    return false;
  // ", Lyon": a town without its code.
  if (town == end && end + 1 < scan.tokens.size() && (scan.gap(end) == ", " || scan.gap(end) == " - ") &&
      scan.has(end + 1, word::town) && is_upper_start(scan.tokens[end + 1]))
    town = end + 1;
  scan.add(Type::address, scan.tokens[first].begin, scan.tokens[town].end, town != end ? .95 : .85,
           "address.french");
  last = town;
  return true;
}

bool state_or_zip(const Scan& scan, std::size_t i) {
  const auto& t = scan.tokens[i];
  if (t.shape == Shape::upper) return t.end - t.begin <= 4;
  if (t.shape == Shape::number) return t.end - t.begin >= 4 && t.end - t.begin <= 6;
  return t.shape == Shape::code;
}

// What follows a street: unit, town, state, postcode, country, over commas and line breaks.
std::size_t english_tail(const Scan& scan, std::size_t i) {
  auto last = i;
  std::size_t lines = 0;
  constexpr std::size_t tokens_max = 14;
  while (last + 1 < scan.tokens.size() && last - i < tokens_max) {
    auto gap = scan.gap(last);
    auto next = last + 1;
    const auto& t = scan.tokens[next];
    bool blank_line = gap.find("\n\n") != std::string_view::npos;
    bool breaks = gap.find('\n') != std::string_view::npos || gap.find(',') != std::string_view::npos;
    for (char c : gap)
      if (c != ' ' && c != '\n' && c != '\r' && c != ',' && c != '.' && c != '#' && c != '-') return last;
    if (blank_line || gap.size() > 6) return last;
    if (gap.find(". ") != std::string_view::npos && scan.tokens[last].end - scan.tokens[last].begin > 4)
      return last;
    if (scan.has(next, word::unit_en) && next + 1 < scan.tokens.size() &&
        (scan.tokens[next].shape != Shape::lower || breaks)) {
      auto unit = next + 1;
      bool value = scan.tokens[unit].shape == Shape::number || scan.tokens[unit].shape == Shape::code ||
                   scan.tokens[unit].shape == Shape::initial;
      if (value) {
        last = unit;
        continue;
      }
    }
    if (gap.find('#') != std::string_view::npos && t.shape == Shape::number) {
      last = next;
      continue;
    }
    if (t.shape == Shape::number || t.shape == Shape::code) {
      if (!state_or_zip(scan, next) && !(last != i && gap == "-" && t.end - t.begin == 4)) {
        if (!(breaks && t.end - t.begin <= 6 && next + 1 < scan.tokens.size() &&
              is_upper_start(scan.tokens[next + 1])))
          return last;
      }
      last = next;
      continue;
    }
    bool state = t.shape == Shape::upper && t.end - t.begin == 2 && breaks;
    bool of_place = (t.kinds & (word::place | word::surname | word::place_start)) != 0 ||
                    (last != i && scan.has(last, word::place_start));
    bool capital = is_upper_start(t) && (state || of_place || (t.kinds & word::common) == 0);
    // "Mora de Rubielos"
    bool particle = last != i && gap == " " && t.shape == Shape::lower && (t.kinds & word::particle) != 0 &&
                    next + 1 < scan.tokens.size() && scan.gap(next) == " " &&
                    scan.tokens[next + 1].shape == Shape::capital;
    if (particle) {
      last = next + 1;
      continue;
    }
    // Within a line the town follows a comma, or the street's own line ended.
    if (capital && (breaks || last != i)) {
      if (gap.find('\n') != std::string_view::npos && ++lines > 3) return last;
      last = next;
      continue;
    }
    return last;
  }
  return last;
}

bool english(Scan& scan, std::size_t i, std::size_t& last) {
  if (!number_token(scan, i, 6) || scan.tokens[i].quiet) return false;
  if (i > 0 && scan.gap(i - 1).size() == 1 &&
      std::string_view("$.-/").find(scan.gap(i - 1)[0]) != std::string_view::npos)
    return false;
  auto k = i;
  constexpr std::size_t words_max = 5;
  while (k - i < words_max && k + 1 < scan.tokens.size() &&
         (scan.gap(k) == " " || (scan.gap(k) == ". " && k > i) || (scan.gap(k) == ", " && k == i))) {
    const auto& next = scan.tokens[k + 1];
    bool ordinal = k == i && next.shape == Shape::code && next.end - next.begin <= 5;  // 5th
    if (!ordinal && (!is_upper_start(next) || (next.kinds & word::month) != 0)) break;
    ++k;
    bool suffix = (next.kinds & word::way_en) != 0 && k >= i + 2;
    // "Strandvägen", "Hauptstraße" in one word, followed by a house number or not.
    auto folded_word = folded(scan.word(k));
    bool compound = false;
    for (std::string_view ending : {"strasse", "gasse", "gatan", "vagen", "katu", "straat", "laan", "weg",
                                    "platz", "gade", "vej", "utca", "allee", "ring"})
      compound = compound || (folded_word.size() > ending.size() + 2 && folded_word.ends_with(ending));
    compound = compound || ((next.kinds & word::way_abroad) != 0 && k >= i + 2);
    bool prefix = (next.kinds & word::way_abroad) != 0 && k == i + 1 && k + 1 < scan.tokens.size() &&
                  scan.gap(k) == " " && is_upper_start(scan.tokens[k + 1]);
    if (prefix) {
      ++k;
      while (k + 1 < scan.tokens.size() && k - i < 6 && scan.gap(k) == " " &&
             (is_upper_start(scan.tokens[k + 1]) || scan.has(k + 1, word::particle)))
        ++k;
      suffix = true;
    }
    if (!suffix && !compound) continue;
    // The longest: "Park Avenue South", "Kings Road East".
    while (k + 1 < scan.tokens.size() && scan.gap(k) == " " &&
           (scan.is(k + 1, "north") || scan.is(k + 1, "south") || scan.is(k + 1, "east") ||
            scan.is(k + 1, "west") || scan.is(k + 1, "NW") || scan.is(k + 1, "NE") || scan.is(k + 1, "SW") ||
            scan.is(k + 1, "SE") ||
            (scan.has(k + 1, word::way_en) && scan.tokens[k + 1].shape == Shape::capital)))
      ++k;
    if (compound && k + 1 < scan.tokens.size() && scan.gap(k) == " " && number_token(scan, k + 1, 4)) ++k;
    last = english_tail(scan, k);
    scan.add(Type::address, scan.tokens[i].begin, scan.tokens[last].end, last > k ? .9 : .8,
             "address.english");
    return true;
  }
  // No word for a street, but a flat or a suite follows, or the words say that somebody lives there.
  if (k == i || scan.tokens[k].end - scan.tokens[i].begin > 60) return false;
  if (k + 1 < scan.tokens.size() && scan.gap(k) == " " && number_token(scan, k + 1, 4)) ++k;
  auto unit = k + 1;
  bool flat = unit + 1 < scan.tokens.size() && scan.has(unit, word::unit_en) &&
              scan.tokens[unit].shape == Shape::capital && soft_gap(scan.gap(k)) &&
              number_token(scan, unit + 1, 5);
  bool home = scan.near(word::home, scan.tokens[i].begin, scan.tokens[k].end, 3, 0) && k >= i + 2;
  if (!flat && !home) return false;
  last = english_tail(scan, k);
  scan.add(Type::address, scan.tokens[i].begin, scan.tokens[last].end, flat ? .75 : .65,
           "address.by_context");
  return true;
}

// "Hauptstraße 12, 10115 Berlin", "Via Roma 3", "Calle Mayor 12".
bool number_behind(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  if (!is_upper_start(t) || t.quiet) return false;
  // The number is one of the next few words; most words have none there.
  bool number_near = false;
  for (std::size_t ahead = 1; ahead <= 5 && !number_near; ++ahead)
    number_near = number_token(scan, i + ahead, 4);
  if (!number_near) return false;
  auto k = i;
  bool way = false;
  if ((t.kinds & word::way_abroad) != 0) {
    while (k + 1 < scan.tokens.size() && k - i < 4 && scan.gap(k) == " " &&
           (is_upper_start(scan.tokens[k + 1]) ||
            (scan.has(k + 1, word::particle) && k + 1 < scan.tokens.size())))
      ++k;
    way = k > i;
  }
  if (!way) {
    auto folded_word = folded(scan.word(i));
    for (std::string_view ending : {"strasse", "gasse", "gatan", "vagen", "katu", "straat", "laan", "weg",
                                    "platz", "gade", "vej", "utca", "str"})
      way = way || (folded_word.size() > ending.size() + 2 && folded_word.ends_with(ending));
    if (!way && k + 1 < scan.tokens.size() && scan.gap(k) == " " &&
        (scan.tokens[k + 1].kinds & word::way_abroad) != 0 && is_upper_start(scan.tokens[k + 1])) {
      ++k;
      way = true;
    }
  }
  if (!way || k + 1 >= scan.tokens.size() ||
      (scan.gap(k) != " " && scan.gap(k) != ", " && scan.gap(k) != ". ") || !number_token(scan, k + 1, 4))
    return false;
  last = english_tail(scan, k + 1);
  scan.add(Type::address, t.begin, scan.tokens[last].end, last > k + 1 ? .85 : .7, "address.abroad");
  return true;
}

bool box_or_town(Scan& scan, std::size_t i, std::size_t& last) {
  const auto& t = scan.tokens[i];
  if (scan.is(i, "BP") && t.shape == Shape::upper && i + 1 < scan.tokens.size() && scan.gap(i) == " " &&
      scan.tokens[i + 1].shape == Shape::number) {
    last = i + 1;
    while (last + 1 < scan.tokens.size() && scan.gap(last) == " " &&
           scan.tokens[last + 1].shape == Shape::number && scan.word(last + 1).size() < 5)
      ++last;
    auto town = french_town(scan, last);
    scan.add(Type::address, t.begin, scan.tokens[town].end, town > last ? .9 : .6, "address.box");
    last = town;
    return true;
  }
  // Military posts of the United States: "PSC 1234, Box 5678", "Unit 0123 Box 4567".
  if ((scan.is(i, "PSC") || scan.is(i, "CMR") || scan.is(i, "unit")) && i + 3 < scan.tokens.size() &&
      number_token(scan, i + 1, 5) && scan.is(i + 2, "box") && number_token(scan, i + 3, 5)) {
    last = english_tail(scan, i + 3);
    scan.add(Type::address, t.begin, scan.tokens[last].end, .9, "address.box");
    return true;
  }
  if (scan.is(i, "box") && i >= 2 && scan.is(i - 1, "O") && scan.is(i - 2, "P") &&
      i + 1 < scan.tokens.size() && scan.tokens[i + 1].shape == Shape::number) {
    last = english_tail(scan, i + 1);
    scan.add(Type::address, scan.tokens[i - 2].begin, scan.tokens[last].end, .9, "address.box");
    return true;
  }
  // "75002 Paris": the code and a town that the list knows, or capitals that follow "Cedex" writing.
  if (t.shape == Shape::number && t.end - t.begin == 5 && !t.quiet && i + 1 < scan.tokens.size() &&
      scan.gap(i) == " ") {
    bool known = scan.has(i + 1, word::town) && is_upper_start(scan.tokens[i + 1]);
    if (!known) return false;
    last = i + 1;
    scan.add(Type::address, t.begin, scan.tokens[last].end, .8, "address.town");
    return true;
  }
  return false;
}

}  // namespace

void find_addresses(Scan& scan) {
  each_notable(scan, [&](std::size_t i) {
    std::size_t last = i;
    const bool found = french(scan, i, last) || english(scan, i, last) || number_behind(scan, i, last) ||
                       box_or_town(scan, i, last);
    return found ? last : i;
  });
}

}  // namespace bastide::guard
