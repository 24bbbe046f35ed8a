#include "knowledge/citations/facts.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "knowledge/index/analyzer.h"
#include "knowledge/index/stop_words.h"

namespace bastide::knowledge::citations {
namespace {
using index::Word;

/// Words that are numbers. "un", "une", "one" are left out: they are mostly articles and pronouns.
const std::unordered_map<std::string_view, std::string_view>& number_words() {
  static const std::unordered_map<std::string_view, std::string_view> map{{"zero", "0"},
                                                                          {"deux", "2"},
                                                                          {"two", "2"},
                                                                          {"trois", "3"},
                                                                          {"three", "3"},
                                                                          {"quatre", "4"},
                                                                          {"four", "4"},
                                                                          {"cinq", "5"},
                                                                          {"five", "5"},
                                                                          {"six", "6"},
                                                                          {"sept", "7"},
                                                                          {"seven", "7"},
                                                                          {"huit", "8"},
                                                                          {"eight", "8"},
                                                                          {"neuf", "9"},
                                                                          {"nine", "9"},
                                                                          {"dix", "10"},
                                                                          {"ten", "10"},
                                                                          {"onze", "11"},
                                                                          {"eleven", "11"},
                                                                          {"douze", "12"},
                                                                          {"twelve", "12"},
                                                                          {"treize", "13"},
                                                                          {"thirteen", "13"},
                                                                          {"quatorze", "14"},
                                                                          {"fourteen", "14"},
                                                                          {"quinze", "15"},
                                                                          {"fifteen", "15"},
                                                                          {"seize", "16"},
                                                                          {"sixteen", "16"},
                                                                          {"vingt", "20"},
                                                                          {"twenty", "20"},
                                                                          {"trente", "30"},
                                                                          {"thirty", "30"},
                                                                          {"quarante", "40"},
                                                                          {"forty", "40"},
                                                                          {"cinquante", "50"},
                                                                          {"fifty", "50"},
                                                                          {"soixante", "60"},
                                                                          {"sixty", "60"},
                                                                          {"cent", "100"},
                                                                          {"hundred", "100"},
                                                                          {"mille", "1000"},
                                                                          {"thousand", "1000"},
                                                                          {"million", "1000000"},
                                                                          {"millions", "1000000"},
                                                                          {"milliard", "1000000000"},
                                                                          {"milliards", "1000000000"},
                                                                          {"billion", "1000000000"},
                                                                          {"premier", "1"},
                                                                          {"premiere", "1"},
                                                                          {"first", "1"},
                                                                          {"deuxieme", "2"},
                                                                          {"seconde", "2"},
                                                                          {"second", "2"},
                                                                          {"troisieme", "3"},
                                                                          {"third", "3"},
                                                                          {"double", "2"},
                                                                          {"triple", "3"},
                                                                          {"twice", "2"},
                                                                          {"demi", "0.5"},
                                                                          {"moitie", "0.5"},
                                                                          {"half", "0.5"},
                                                                          {"tiers", "0.33"},
                                                                          {"quart", "0.25"},
                                                                          {"quarter", "0.25"}};
  return map;
}

const std::unordered_map<std::string_view, std::string_view>& date_words() {
  static const std::unordered_map<std::string_view, std::string_view> map{
      {"janvier", "month 1"},   {"january", "month 1"},   {"fevrier", "month 2"},   {"february", "month 2"},
      {"mars", "month 3"},      {"march", "month 3"},     {"avril", "month 4"},     {"april", "month 4"},
      {"mai", "month 5"},       {"juin", "month 6"},      {"june", "month 6"},      {"juillet", "month 7"},
      {"july", "month 7"},      {"aout", "month 8"},      {"august", "month 8"},    {"septembre", "month 9"},
      {"september", "month 9"}, {"octobre", "month 10"},  {"october", "month 10"},  {"novembre", "month 11"},
      {"november", "month 11"}, {"decembre", "month 12"}, {"december", "month 12"}, {"lundi", "day 1"},
      {"lundis", "day 1"},      {"monday", "day 1"},      {"mondays", "day 1"},     {"mardi", "day 2"},
      {"mardis", "day 2"},      {"tuesday", "day 2"},     {"tuesdays", "day 2"},    {"mercredi", "day 3"},
      {"mercredis", "day 3"},   {"wednesday", "day 3"},   {"wednesdays", "day 3"},  {"jeudi", "day 4"},
      {"jeudis", "day 4"},      {"thursday", "day 4"},    {"thursdays", "day 4"},   {"vendredi", "day 5"},
      {"vendredis", "day 5"},   {"friday", "day 5"},      {"fridays", "day 5"},     {"samedi", "day 6"},
      {"samedis", "day 6"},     {"saturday", "day 6"},    {"saturdays", "day 6"},   {"dimanche", "day 7"},
      {"dimanches", "day 7"},   {"sunday", "day 7"},      {"sundays", "day 7"}};
  return map;
}

const std::unordered_map<std::string_view, std::string_view>& units() {
  static const std::unordered_map<std::string_view, std::string_view> map{
      {"jour", "day"},       {"jours", "day"},     {"day", "day"},
      {"days", "day"},       {"journees", "day"},  {"journee", "day"},
      {"heure", "hour"},     {"heures", "hour"},   {"h", "hour"},
      {"hour", "hour"},      {"hours", "hour"},    {"minute", "minute"},
      {"minutes", "minute"}, {"min", "minute"},    {"mois", "month"},
      {"month", "month"},    {"months", "month"},  {"an", "year"},
      {"ans", "year"},       {"annee", "year"},    {"annees", "year"},
      {"year", "year"},      {"years", "year"},    {"semaine", "week"},
      {"semaines", "week"},  {"week", "week"},     {"weeks", "week"},
      {"euro", "euro"},      {"euros", "euro"},    {"eur", "euro"},
      {"pourcent", "%"},     {"percent", "%"},     {"km", "km"},
      {"kilometres", "km"},  {"kilometers", "km"}, {"metres", "m"},
      {"meters", "m"},       {"m", "m"},           {"kg", "kg"},
      {"litres", "l"},       {"liters", "l"},      {"personnes", "person"},
      {"people", "person"},  {"agents", "agent"}};
  return map;
}

bool starts_upper(std::string_view text, const Word& word) {
  UChar32 c = 0;
  auto at = static_cast<std::int64_t>(word.start);
  U8_NEXT_OR_FFFD(text.data(), at, static_cast<std::int64_t>(text.size()), c);
  return u_isupper(c);
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return std::string(digits);
}

/// Leading digits of "9h30", "1er", "3e", "20th".
std::string_view leading_digits(std::string_view word) {
  std::size_t n = 0;
  while (n < word.size() && word[n] >= '0' && word[n] <= '9') ++n;
  return word.substr(0, n);
}

bool is_space(std::string_view between) {
  return between == " " || between == "\xc2\xa0" || between == "\xe2\x80\xaf" || between == "\xe2\x80\x89";
}

void sort_unique(std::vector<std::string>& set) {
  std::ranges::sort(set);
  set.erase(std::ranges::unique(set).begin(), set.end());
}

/// A number that may span several words: "20 000", "14,2", "1.500", "12/03/2026".
class NumberReader {
 public:
  NumberReader(std::string_view text, const std::vector<Word>& words, Facts& into)
      : text_(text), words_(words), into_(into) {}

  /// Reads at word `i`; returns how many words it took, 0 when there is no number.
  std::size_t read(std::size_t i) {
    if (is_digits(words_[i].folded)) return read_digits(i);
    const auto digits = leading_digits(words_[i].folded);
    if (!digits.empty() && digits.size() < words_[i].folded.size()) return read_mixed(i, digits);
    if (auto known = number_words().find(words_[i].folded); known != number_words().end()) {
      add(std::string(known->second), i + 1);
      return 1;
    }
    return 0;
  }

 private:
  [[nodiscard]] std::string_view between(std::size_t i) const {
    return text_.substr(words_[i].end, words_[i + 1].start - words_[i].end);
  }
  [[nodiscard]] bool digits_at(std::size_t i) const {
    return i < words_.size() && is_digits(words_[i].folded);
  }

  std::size_t read_digits(std::size_t i) {
    if (auto taken = read_date(i)) return taken;
    std::string value = words_[i].folded;
    std::size_t taken = 1;
    // Thousands: groups of exactly three behind one to three digits.
    while (value.size() <= 12 && words_[i].folded.size() <= 3 && digits_at(i + taken) &&
           words_[i + taken].folded.size() == 3 &&
           (is_space(between(i + taken - 1)) || between(i + taken - 1) == "." ||
            between(i + taken - 1) == ",")) {
      value += words_[i + taken].folded;
      ++taken;
    }
    value = without_leading_zeros(value);
    if (digits_at(i + taken) && (between(i + taken - 1) == "," || between(i + taken - 1) == ".")) {
      auto fraction = words_[i + taken].folded;
      while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
      if (!fraction.empty()) value += '.' + fraction;
      ++taken;
    }
    add(std::move(value), i + taken);
    return taken;
  }

  /// Day, month and year with "/", "-" or "." between; year first with "-".
  std::size_t read_date(std::size_t i) {
    if (!digits_at(i + 1) || !digits_at(i + 2)) return 0;
    const auto mark = between(i);
    if (mark != between(i + 1) || (mark != "/" && mark != "-" && mark != ".")) return 0;
    auto day = words_[i].folded, month = words_[i + 1].folded, year = words_[i + 2].folded;
    if (day.size() == 4) std::swap(day, year);
    if (day.size() > 2 || month.size() > 2 || (year.size() != 4 && year.size() != 2)) return 0;
    into_.numbers.push_back(without_leading_zeros(day));
    into_.numbers.push_back(year);
    into_.dates.push_back("month " + without_leading_zeros(month));
    return 3;
  }

  /// "9h30" is 9 and 30, "1er" is 1, "A4" is a word.
  std::size_t read_mixed(std::size_t i, std::string_view digits) {
    const std::string_view rest = std::string_view(words_[i].folded).substr(digits.size());
    into_.numbers.push_back(without_leading_zeros(digits));
    if (rest.starts_with('h')) {
      into_.measures.emplace_back(without_leading_zeros(digits), "hour");
      const auto minutes = leading_digits(rest.substr(1));
      if (!minutes.empty() && minutes.find_first_not_of('0') != std::string_view::npos)
        into_.numbers.push_back(without_leading_zeros(minutes));
    }
    return 1;
  }

  void add(std::string value, std::size_t after) {
    const auto end = words_[after - 1].end;
    const auto next =
        text_.substr(end, after < words_.size() ? words_[after].start - end : std::string_view::npos);
    if (next.find('%') != std::string_view::npos)
      into_.measures.emplace_back(value, "%");
    else if (next.find("€") != std::string_view::npos)
      into_.measures.emplace_back(value, "euro");
    else if (after < words_.size())
      if (auto unit = units().find(words_[after].folded); unit != units().end())
        into_.measures.emplace_back(value, std::string(unit->second));
    into_.numbers.push_back(std::move(value));
  }

  std::string_view text_;
  const std::vector<Word>& words_;
  Facts& into_;
};

/// "ne ... que" limits, it does not deny.
bool denies(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!index::is_negation(words[i])) continue;
    if (words[i] == "ne" || words[i] == "n") {
      const auto end = words.begin() + static_cast<std::ptrdiff_t>(std::min(words.size(), i + 8));
      const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      const bool full =
          std::any_of(begin, end, [](const std::string& w) { return w != "n" && index::is_negation(w); });
      if (!full && std::find(begin, end, "que") != end) continue;
    }
    if (words[i] == "non" && i + 1 < words.size() && words[i + 1] == "seulement") continue;
    if (words[i] == "not" && i + 1 < words.size() && words[i + 1] == "only") continue;
    return true;
  }
  return false;
}
}  // namespace

bool Facts::has_stem(const std::string& stem) const { return std::ranges::binary_search(stem_set, stem); }

Facts facts_of(std::string_view text) {
  Facts facts;
  const auto words = index::words(text, 20'000);
  NumberReader numbers(text, words, facts);
  std::size_t number_until = 0;
  bool sentence_start = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    facts.words.push_back(word.folded);
    if (i > 0) {
      const auto gap = text.substr(words[i - 1].end, word.start - words[i - 1].end);
      sentence_start = gap.find_first_of(".!?:\n|") != std::string_view::npos;
    }
    if (i >= number_until)
      if (const auto taken = numbers.read(i)) number_until = i + taken;
    if (i < number_until) continue;
    if (auto date = date_words().find(word.folded); date != date_words().end()) {
      facts.dates.emplace_back(date->second);
      continue;
    }
    if (index::is_function_word(word.folded)) continue;
    auto stem = index::stem(word.folded);
    const bool upper = starts_upper(text, word);
    const bool next_upper = i + 1 < words.size() && starts_upper(text, words[i + 1]) &&
                            is_space(text.substr(word.end, words[i + 1].start - word.end));
    if (upper && (!sentence_start || next_upper)) facts.names.push_back(stem);
    if (std::ranges::find(facts.stems, stem) == facts.stems.end() || facts.stems.size() > 400)
      facts.stems.push_back(std::move(stem));
  }
  facts.negated = denies(facts.words);
  facts.stem_set = facts.stems;
  for (auto* set : {&facts.stem_set, &facts.numbers, &facts.dates, &facts.names}) sort_unique(*set);
  std::ranges::sort(facts.measures);
  return facts;
}

bool holds_family(const std::vector<std::string>& sorted_stems, std::string_view stem) {
  auto at = std::ranges::lower_bound(sorted_stems, stem);
  if (at != sorted_stems.end() && *at == stem) return true;
  constexpr std::size_t common_min = 5, rest_max = 5;
  if (stem.size() < common_min) return false;
  const auto root =
      stem.substr(0, std::max(common_min, stem.size() - std::min<std::size_t>(2, stem.size() - common_min)));
  for (at = std::ranges::lower_bound(sorted_stems, root.substr(0, common_min)); at != sorted_stems.end();
       ++at) {
    if (!at->starts_with(root.substr(0, common_min))) break;
    std::size_t common = 0;
    while (common < std::min(at->size(), stem.size()) && (*at)[common] == stem[common]) ++common;
    const auto rest = std::max(at->size(), stem.size()) - common;
    if (rest <= std::min(rest_max, common - 1) && std::min(at->size(), stem.size()) - common <= 2)
      return true;
  }
  return false;
}

bool is_subset(const std::vector<std::string>& sorted_part, const std::vector<std::string>& sorted_whole) {
  return std::ranges::includes(sorted_whole, sorted_part);
}

}  // namespace bastide::knowledge::citations
