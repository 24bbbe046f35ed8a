#include "guard/digit_runs.h"

#include <algorithm>

#include "guard/bytes.h"
#include "guard/checks.h"
#include "guard/detectors.h"

namespace bastide::guard {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

// Groups [first, last] of a run as one candidate.
struct Candidate {
  const Scan& scan;
  const DigitRun& run;
  std::size_t first, last;
  std::string_view digits;

  [[nodiscard]] std::size_t begin() const { return run.groups[first].begin; }
  [[nodiscard]] std::size_t end() const { return run.groups[last].end; }
  [[nodiscard]] bool whole() const { return first == 0 && last + 1 == run.count; }
  [[nodiscard]] bool one_group() const { return first == last; }
  [[nodiscard]] bool grouped(std::initializer_list<std::size_t> sizes) const {
    if (sizes.size() != last - first + 1) return false;
    auto g = first;
    for (auto size : sizes)
      if (run.groups[g++].size() != size) return false;
    return same_separators();
  }
  [[nodiscard]] bool same_separators() const {
    for (auto g = first + 2; g <= last; ++g)
      if (run.separators[g] != run.separators[first + 1]) return false;
    return true;
  }
  // Neither neighbour group goes on in the same writing: this is not a cut from a table of numbers.
  [[nodiscard]] bool apart() const {
    char inner = first < last ? run.separators[first + 1] : '\0';
    if (first > 0 && (run.separators[first] == inner || run.separators[first] != ' ')) return false;
    return !(last + 1 < run.count && (run.separators[last + 1] == inner || run.separators[last + 1] != ' '));
  }
  [[nodiscard]] bool about(word::Kinds kinds) const { return scan.near(kinds, begin(), end(), 6, 2); }
};

// 20260115093045: a time, as names of files and columns of logs hold it.
bool looks_like_time(std::string_view d) {
  if (d.size() < 12) return false;
  auto two = [&](std::size_t i) { return (d[i] - '0') * 10 + (d[i + 1] - '0'); };
  return (two(0) == 19 || two(0) == 20) && two(4) >= 1 && two(4) <= 12 && two(6) >= 1 && two(6) <= 31 &&
         two(8) < 24 && two(10) < 60;
}

bool is_card(const Candidate& c) {
  if (!card(c.digits)) return false;
  bool canonical = c.grouped({4, 4, 4, 4}) || c.grouped({4, 6, 5}) || c.grouped({4, 6, 4}) ||
                   c.grouped({4, 4, 4, 4, 3}) || c.grouped({4, 4, 4, 1}) || c.grouped({4, 4, 5}) ||
                   c.grouped({6, 13});
  if (canonical) return c.apart() || c.about(word::card);
  if (c.about(word::card)) return c.apart() || c.whole();
  if (!c.whole() || !c.one_group()) return false;
  return c.digits.size() == 14 || c.digits.size() == 15 || c.digits.size() == 16;
}

bool is_siret(const Candidate& c) {
  if (c.digits.size() != 14 || !siret(c.digits)) return false;
  if (c.about(word::company)) return true;
  return c.whole() &&
         (c.grouped({3, 3, 3, 5}) || c.grouped({9, 5}) || (c.one_group() && !looks_like_time(c.digits)));
}

bool is_siren(const Candidate& c) {
  return c.digits.size() == 9 && siren(c.digits) && (c.apart() || c.whole()) && c.about(word::company);
}

bool is_nir(const Candidate& c) {
  if (!nir(c.digits)) return false;
  bool canonical = c.grouped({1, 2, 2, 2, 3, 3, 2}) || c.grouped({1, 2, 2, 2, 3, 3}) || c.grouped({13, 2});
  if (c.digits.size() == 15) return canonical || c.whole() || c.about(word::nir);
  return c.about(word::nir) || (canonical && c.whole());
}

// Numbers of other countries' registers: the digits alone say too little, so a word must name the register.
bool is_national(const Candidate& c) {
  auto d = c.digits;
  auto size = d.size();
  if (size < 9 || size > 13 || !c.about(word::identity)) return false;
  switch (size) {
    case 9:
      return nl_bsn(d) || pt_nif(d) || (c.about(word::identity) && us_ssn(d) && c.grouped({3, 2, 4}));
    case 10:
      return gb_nhs(d) || se_personnummer(d);
    case 11:
      return be_national(d) || de_tax_id(d) || pl_pesel(d);
    case 12:
      return se_personnummer(d) || c.one_group();
    default:
      return ro_cnp(d) || fr_tax_id(d);
  }
}

struct NumberRule {
  std::string_view id;
  Type type;
  std::size_t digits_min, digits_max;
  bool (*check)(const Candidate&);
  double score;
};
// In the order of preference for the same digits.
constexpr std::array number_rules{
    NumberRule{"nir.key", Type::nir, 15, 15, is_nir, .97},
    NumberRule{"nir.short", Type::nir, 13, 13, is_nir, .8},
    NumberRule{"card.luhn", Type::card, 12, 19, is_card, .95},
    NumberRule{"siret.luhn", Type::siret, 14, 14, is_siret, .93},
    NumberRule{"siren.context", Type::siren, 9, 9, is_siren, .9},
    NumberRule{"id.context", Type::national_id, 9, 13, is_national, .8},
};

bool vat_without_country(const Candidate& c) {
  return c.digits.size() == 11 && vat_fr(c.digits) && c.about(word::vat);
}

// A number with a fraction, a percentage or a currency is an amount.
bool is_amount(std::string_view text, std::size_t end) {
  if (end >= text.size()) return false;
  if (text[end] == ',' && end + 1 < text.size() && digit(text[end + 1])) return true;
  auto rest = text.substr(end, 5);
  if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  return rest.starts_with('%') || rest.starts_with("\xE2\x82\xAC") || rest.starts_with("EUR") ||
         rest.starts_with('$');
}

// Corsicans: 2A or 2B stands among the digits, so that no run of digits holds the number.
void find_corsican_nir(Scan& scan, std::size_t at) {
  std::array<char, 15> out{};
  std::array<std::size_t, 15> ends{};
  std::size_t n = 0, gap = 0;
  for (std::size_t i = at; i < scan.text.size() && n < out.size(); ++i) {
    char c = scan.text[i];
    bool corsica = n == 6 && (c == 'A' || c == 'B' || c == 'a' || c == 'b') && out[5] == '2';
    if (digit(c) || corsica) {
      ends[n] = i + 1;
      out[n++] = static_cast<char>(corsica ? c & ~32 : c);
      gap = 0;
    } else if ((c == ' ' || c == '.' || c == '-') && gap++ == 0) {
      continue;
    } else {
      break;
    }
  }
  if (n < 13 || digit(out[6])) return;
  for (std::size_t size : {std::size_t{15}, std::size_t{13}}) {
    if (n < size || !nir({out.data(), size}) || !scan.stands_alone(at, ends[size - 1])) continue;
    if (size == 13 && !scan.near(word::nir, at, ends[size - 1], 6, 2)) continue;
    scan.add(Type::nir, at, ends[size - 1], size == 15 ? .97 : .8, size == 15 ? "nir.key" : "nir.short");
    return;
  }
}

}  // namespace

DigitRun digit_run(std::string_view text, std::size_t at) {
  DigitRun run;
  while (run.count < DigitRun::groups_max) {
    auto end = at;
    while (end < text.size() && digit(text[end])) ++end;
    run.groups[run.count++] = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)};
    if (run.count == DigitRun::groups_max || end + 1 >= text.size()) break;
    char c = text[end];
    if ((c != ' ' && c != '.' && c != '-' && c != '/') || !digit(text[end + 1])) break;
    run.separators[run.count] = c;
    at = end + 1;
  }
  return run;
}

void find_digit_runs(Scan& scan) {
  auto text = scan.text;
  std::array<char, 20> buffer{};
  for (std::size_t at = 0; (at = bytes::next_digit(text, at)) < text.size();) {
    auto run = digit_run(text, at);
    std::size_t run_end = run.end();
    std::size_t total = 0;
    for (std::size_t g = 0; g < run.count; ++g) total += run.groups[g].size();
    bool corsica = run_end < text.size() && (text[run_end] == 'A' || text[run_end] == 'B' ||
                                             (text[run_end] | 32) == 'a' || (text[run_end] | 32) == 'b');
    bool glued =
        at > 0 && (word_byte(text[at - 1]) ||
                   (at > 1 && (text[at - 1] == '-' || text[at - 1] == '.') && word_byte(text[at - 2])));
    if (corsica && total >= 6 && total <= 7 && !glued) find_corsican_nir(scan, at);
    if (total < 9) {
      at = run_end;
      continue;
    }
    bool trailing = run_end < text.size() &&
                    (word_byte(text[run_end]) ||
                     (text[run_end] == '-' && run_end + 1 < text.size() && letter(text[run_end + 1])));
    for (std::size_t first = 0; first < run.count; ++first) {
      std::size_t sum = 0;
      const NumberRule* found = nullptr;
      std::size_t found_last = 0;
      for (std::size_t last = first; last < run.count; ++last) {
        sum += run.groups[last].size();
        if (sum > 19) break;
        if (sum < 9 || (first == 0 && glued) || (last + 1 == run.count && trailing)) continue;
        Candidate candidate{scan, run, first, last, digits_of(text, run, first, last, buffer)};
        if (is_amount(text, candidate.end())) continue;
        for (const auto& rule : number_rules) {
          if (sum < rule.digits_min || sum > rule.digits_max || !rule.check(candidate)) continue;
          found = &rule;
          found_last = last;
          break;
        }
        if (sum == 11 && !found && vat_without_country(candidate))
          scan.add(Type::vat, candidate.begin(), candidate.end(), .9, "vat.fr_context");
      }
      if (!found) continue;
      scan.add(found->type, run.groups[first].begin, run.groups[found_last].end, found->score, found->id);
      first = found_last;
    }
    at = run_end;
  }
}

}  // namespace bastide::guard
