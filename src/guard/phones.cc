// Telephone numbers. National plans: ARCEP for France, NANPA for North America, Ofcom for the United Kingdom;
// lengths after a country code: ITU-T E.164 and its national annexes.
#include <algorithm>
#include <array>

#include "guard/bytes.h"
#include "guard/detectors.h"
#include "guard/digit_runs.h"

namespace bastide::guard {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

struct CountryCode {
  std::string_view code;
  std::size_t min, max;  // digits after the code
};
// The codes whose national lengths are settled; others take 7 to 12 digits.
constexpr std::array codes{
    CountryCode{"1", 10, 10}, CountryCode{"20", 8, 10},  CountryCode{"212", 9, 9},  CountryCode{"213", 8, 9},
    CountryCode{"216", 8, 8}, CountryCode{"221", 9, 9},  CountryCode{"225", 8, 10}, CountryCode{"262", 9, 9},
    CountryCode{"27", 9, 9},  CountryCode{"30", 10, 10}, CountryCode{"31", 9, 9},   CountryCode{"32", 8, 9},
    CountryCode{"33", 9, 9},  CountryCode{"34", 9, 9},   CountryCode{"351", 9, 9},  CountryCode{"352", 4, 11},
    CountryCode{"353", 7, 9}, CountryCode{"358", 5, 12}, CountryCode{"36", 8, 9},   CountryCode{"39", 6, 11},
    CountryCode{"40", 9, 9},  CountryCode{"41", 9, 9},   CountryCode{"420", 9, 9},  CountryCode{"43", 5, 13},
    CountryCode{"44", 9, 10}, CountryCode{"45", 8, 8},   CountryCode{"46", 7, 10},  CountryCode{"47", 8, 8},
    CountryCode{"48", 9, 9},  CountryCode{"49", 6, 12},  CountryCode{"55", 10, 11}, CountryCode{"590", 9, 9},
    CountryCode{"594", 9, 9}, CountryCode{"596", 9, 9},  CountryCode{"61", 9, 9},   CountryCode{"7", 10, 10},
    CountryCode{"81", 9, 10}, CountryCode{"86", 10, 11}, CountryCode{"90", 10, 10}, CountryCode{"91", 10, 10},
};

bool plausible_international(std::string_view digits) {
  for (const auto& code : codes)
    if (digits.starts_with(code.code)) {
      auto rest = digits.size() - code.code.size();
      return rest >= code.min && rest <= code.max;
    }
  return digits.size() >= 9 && digits.size() <= 15 && digits[0] != '0';
}

struct Dialled {
  std::array<char, 16> digits{};
  std::array<std::size_t, 16> ends{};
  std::array<bool, 16> group_end{};
  std::size_t size = 0;
};

// Digits from `at` on as people write them after "+": single separators, and "(0)", which is not dialled.
Dialled dialled(std::string_view text, std::size_t at) {
  Dialled out;
  std::size_t blanks = 0;
  for (std::size_t i = at; i < text.size() && out.size < out.digits.size();) {
    char c = text[i];
    if (digit(c)) {
      out.ends[out.size] = i + 1;
      out.group_end[out.size] = i + 1 >= text.size() || !digit(text[i + 1]);
      out.digits[out.size++] = c;
      blanks = 0;
      ++i;
    } else if (text.substr(i, 3) == "(0)") {
      i += 3;
    } else if ((c == ' ' || c == '.' || c == '-' || c == '/' || c == '(' || c == ')') && blanks < 2) {
      ++blanks;
      ++i;
    } else {
      break;
    }
  }
  return out;
}

// Digits of an extension, "x123", "ext. 45": the byte after it, or `end`.
std::size_t with_extension(std::string_view text, std::size_t end) {
  auto rest = text.substr(end, 14);
  std::size_t at = 0;
  while (at < rest.size() && rest[at] == ' ') ++at;
  for (std::string_view word : {"extension", "ext.", "ext", "poste", "x"})
    if (rest.substr(at).starts_with(word)) {
      at += word.size();
      while (at < rest.size() && rest[at] == ' ') ++at;
      auto first = at;
      while (at < rest.size() && digit(rest[at])) ++at;
      return at > first && at - first <= 6 ? end + at : end;
    }
  return end;
}

// From "+" or "00" on. The longest plausible number that ends with a group.
bool try_international(Scan& scan, std::size_t begin, std::size_t first_digit, double score) {
  auto found = dialled(scan.text, first_digit);
  for (std::size_t n = found.size; n >= 7; --n) {
    if (!found.group_end[n - 1] || !plausible_international({found.digits.data(), n})) continue;
    auto end = found.ends[n - 1];
    if (end < scan.text.size() && word_byte(scan.text[end]) && scan.text[end] != 'x' && scan.text[end] != 'e')
      continue;
    scan.add(Type::phone, begin, with_extension(scan.text, end), score, "phone.international");
    return true;
  }
  return false;
}

bool nanp(std::string_view d) {
  return d.size() == 10 && d[0] >= '2' && d[1] != '9' && d[3] >= '2' && !(d[1] == '1' && d[2] == '1');
}

struct Candidate {
  const DigitRun& run;
  std::size_t first, last;
  [[nodiscard]] bool grouped(std::initializer_list<std::size_t> sizes) const {
    if (sizes.size() != last - first + 1) return false;
    auto g = first;
    for (auto size : sizes)
      if (run.groups[g++].size() != size) return false;
    return true;
  }
  [[nodiscard]] bool one_separator() const {
    for (auto g = first + 2; g <= last; ++g)
      if (run.separators[g] != run.separators[first + 1]) return false;
    return true;
  }
};

// 10 digits after the plan of 1996; 0 is the national prefix.
double french(const Candidate& c, std::string_view d, bool about, bool apart) {
  if (d.size() != 10 || d[0] != '0' || d[1] == '0') return 0;
  if (d == "0123456789" && !about) return 0;
  if (c.first == c.last) return about ? .95 : (d[1] == '6' || d[1] == '7') ? .85 : .7;
  if (c.grouped({2, 2, 2, 2, 2}) && c.one_separator()) return apart || about ? .95 : 0;
  bool usual = c.grouped({4, 2, 2, 2}) || c.grouped({4, 3, 3}) || c.grouped({1, 3, 3, 3}) ||
               c.grouped({2, 4, 4}) || c.grouped({4, 6}) || c.grouped({2, 2, 3, 3}) || c.grouped({2, 8}) ||
               c.grouped({1, 1, 2, 2, 2, 2});
  if (usual) return about ? .9 : apart && c.one_separator() && c.run.separators[c.first + 1] != '/' ? .75 : 0;
  return about ? .8 : 0;
}

double american(const Candidate& c, std::string_view d, bool about, bool apart) {
  if (d.size() == 11 && d[0] == '1' && c.run.groups[c.first].size() == 1) {
    if (!nanp(d.substr(1)) || !c.grouped({1, 3, 3, 4})) return 0;
    return c.run.separators[c.first + 1] == ' ' && !about ? 0 : .85;
  }
  if (!nanp(d) || !apart) return 0;
  if (c.grouped({3, 3, 4}) && c.one_separator())
    return about ? .95 : c.run.separators[c.first + 1] != ' ' ? .8 : 0;
  if (c.grouped({3, 7}) || c.grouped({6, 4})) return about ? .85 : 0;
  return about ? .85 : 0;
}

double british(const Candidate& c, std::string_view d, bool about, bool apart) {
  if (d.size() != 11 || d[0] != '0' || d[1] == '0' || !apart) return 0;
  bool usual = c.grouped({5, 6}) || c.grouped({3, 4, 4}) || c.grouped({4, 3, 4}) || c.grouped({5, 3, 3}) ||
               c.first == c.last;
  if (!usual) return 0;
  return about ? .9 : (d[1] == '7' || c.grouped({3, 4, 4})) ? .75 : 0;
}

bool looks_like_date(const Candidate& c, std::string_view text) {
  if (c.last - c.first != 2) return false;
  auto size = [&](std::size_t g) { return c.run.groups[c.first + g].size(); };
  auto year = text.substr(c.run.groups[c.first + (size(0) == 4 ? 0 : 2)].begin, 2);
  return (size(0) == 4 || size(2) == 4) && size(1) <= 2 && size(0) <= 4 && (year == "19" || year == "20");
}

double score_of(const Scan& scan, const Candidate& c, std::string_view d) {
  auto begin = c.run.groups[c.first].begin, end = c.run.groups[c.last].end;
  bool about = scan.near(word::phone, begin, end, 5, 1);
  char inner = c.first < c.last ? c.run.separators[c.first + 1] : '\0';
  bool apart = !(c.first > 0 &&
                 (c.run.separators[c.first] == inner || inner == '\0' || c.run.separators[c.first] != ' ')) &&
               !(c.last + 1 < c.run.count && (c.run.separators[c.last + 1] == inner || inner == '\0' ||
                                              c.run.separators[c.last + 1] != ' '));
  double score =
      std::max({french(c, d, about, apart), american(c, d, about, apart), british(c, d, about, apart)});
  if (score > 0 || !about || looks_like_date(c, scan.text)) return score;
  // Other countries' national writings, when the words say that it is a number to call.
  bool whole = c.first == 0 && c.last + 1 == c.run.count;
  return whole && d.size() >= 7 && d.size() <= 12 && c.last - c.first <= 5 ? .7 : 0;
}

}  // namespace

void find_phones(Scan& scan) {
  auto text = scan.text;
  std::array<char, 20> buffer{};
  for (std::size_t at = 0; (at = bytes::next_digit(text, at)) < text.size();) {
    auto run = digit_run(text, at);
    auto run_end = run.end();
    // What stands right before: "+", "(", a letter.
    std::size_t before = at;
    bool bracket = before > 0 && text[before - 1] == '(';
    if (bracket) --before;
    if (before > 0 && text[before - 1] == '+' && (before < 2 || !word_byte(text[before - 2]))) {
      auto hits = scan.hits.size();
      if (try_international(scan, before - 1, at, .95)) {
        at = std::max<std::size_t>(run_end, scan.hits[hits].end);
        continue;
      }
    }
    bool glued = at > 0 && (word_byte(text[at - 1]) ||
                            ((text[at - 1] == '-' || text[at - 1] == '.' || text[at - 1] == '/') && at > 1 &&
                             word_byte(text[at - 2])));
    bool trailing =
        run_end < text.size() && word_byte(text[run_end]) && with_extension(text, run_end) == run_end;
    if (glued) {
      at = run_end;
      continue;
    }
    auto lead = text.substr(at, run.groups[0].size());
    if (lead.starts_with("00") && run_end - at >= 11) {
      auto skip = at + 2;
      while (skip < text.size() && (text[skip] == ' ' || text[skip] == '.')) ++skip;
      auto hits = scan.hits.size();
      if (try_international(scan, at, skip, .9)) {
        at = std::max<std::size_t>(run_end, scan.hits[hits].end);
        continue;
      }
    }
    // "(212) 555-0123", "(0)1 23 45 67 89": the first group in brackets.
    if (bracket && run.count == 1 && run_end < text.size() && text[run_end] == ')') {
      auto next = run_end + 1;
      if (next < text.size() && (text[next] == ' ' || text[next] == '-')) ++next;
      if (next < text.size() && digit(text[next])) {
        auto rest = digit_run(text, next);
        std::size_t n = run.groups[0].size();
        std::copy_n(text.data() + run.groups[0].begin, std::min<std::size_t>(n, 8), buffer.data());
        std::size_t last = 0;
        for (std::size_t g = 0; g < rest.count && n + rest.groups[g].size() <= 12; ++g) {
          for (auto i = rest.groups[g].begin; i < rest.groups[g].end; ++i) buffer[n++] = text[i];
          last = rest.groups[g].end;
        }
        std::string_view d(buffer.data(), n);
        bool about = scan.near(word::phone, at, last, 5, 1);
        bool american = run.groups[0].size() == 3 && nanp(d);
        if (last > 0 && (american || (about && n >= 7) || (lead == "0" && n >= 9))) {
          scan.add(Type::phone, at - 1, with_extension(text, last), about ? .95 : .85, "phone.area_code");
          at = last;
          continue;
        }
      }
    }
    for (std::size_t first = 0; first < run.count; ++first) {
      std::size_t sum = 0;
      for (std::size_t last = first; last < run.count; ++last) {
        sum += run.groups[last].size();
        if (sum > 12) break;
        if (sum < 7 || (last + 1 == run.count && trailing)) continue;
        Candidate candidate{run, first, last};
        double score = score_of(scan, candidate, digits_of(text, run, first, last, buffer));
        if (score <= 0) continue;
        auto end = last + 1 == run.count ? with_extension(text, run.groups[last].end) : run.groups[last].end;
        scan.add(Type::phone, run.groups[first].begin, end, score, "phone.national");
        first = last;
        break;
      }
    }
    at = run_end;
  }
}

}  // namespace bastide::guard
