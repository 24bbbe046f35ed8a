// Checks of dates of birth, vehicles, passports and national identifiers.
#include <algorithm>
#include <array>
#include <string>

#include "guard/checks.h"
#include "guard/rules.h"

namespace bastide::guard::checks {
namespace {
bool ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool ascii_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

// Letters and digits only, in upper case.
std::string compact(const Scan& scan, Span span) {
  std::string out;
  for (char c : scan.text.substr(span.begin, span.end - span.begin))
    if (ascii_digit(c) || ascii_letter(c))
      out.push_back(static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c));
  return out;
}
}  // namespace

// A day that exists, from 1880 on; the words around it say that it is a birth.
bool birth_date(const Scan& scan, Span& span) {
  std::array<int, 3> numbers{};
  std::array<std::size_t, 3> sizes{};
  std::size_t count = 0;
  bool inside = false, letters = false;
  for (char c : scan.text.substr(span.begin, span.end - span.begin)) {
    if (ascii_digit(c)) {
      if (!inside && count < 3) ++count;
      inside = true;
      numbers[count - 1] = numbers[count - 1] * 10 + (c - '0');
      ++sizes[count - 1];
    } else {
      inside = false;
      letters = letters || ascii_letter(c);
    }
  }
  auto plausible = [](int year, std::size_t digits) {
    return (digits == 4 && year >= 1880 && year <= 2100) || (digits == 2 && year >= 0);
  };
  if (count == 2 && letters && sizes[1] == 4)
    return numbers[0] >= 1 && numbers[0] <= 31 && plausible(numbers[1], 4);
  if (count != 3 || letters) return false;
  if (sizes[0] == 4) return plausible(numbers[0], 4) && is_day(numbers[2], numbers[1], numbers[0]);
  if (sizes[0] == 3 || sizes[2] == 3 || !plausible(numbers[2], sizes[2])) return false;
  return is_day(numbers[0], numbers[1], numbers[2]) || is_day(numbers[1], numbers[0], numbers[2]);
}

// Order of 9 February 2009: no I, O, U; no SS in front, no WW. Without separators only where the words say
// so.
bool plate_siv(const Scan& scan, Span& span) {
  auto plate = compact(scan, span);
  if (plate.starts_with("SS") || plate.starts_with("WW") || plate.ends_with("SS")) return false;
  auto text = scan.text.substr(span.begin, span.end - span.begin);
  bool upper = std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  bool hyphens = text.size() == 9 && text[2] == '-' && text[6] == '-';
  if (hyphens && upper) {
    // A part of something longer, such as AB-123-CD-4, is no plate.
    bool before = span.begin > 0 && scan.text[span.begin - 1] == '-';
    bool after = span.end < scan.text.size() && scan.text[span.end] == '-';
    return !before && !after;
  }
  return scan.near(word::plate, span.begin, span.end, 6, 3);
}

bool plate_old(const Scan& scan, Span& span) { return compact(scan, span).size() >= 6; }

bool passport(const Scan& scan, Span& span) {
  auto number = compact(scan, span);
  auto digits = std::ranges::count_if(number, ascii_digit);
  while (span.begin < span.end && scan.text[span.begin] == ' ') ++span.begin;
  return digits >= 5 && number.size() >= 6;
}

bool codice_fiscale(const Scan& scan, Span& span) { return it_codice_fiscale(compact(scan, span)); }
bool hetu(const Scan& scan, Span& span) {
  return fi_hetu(scan.text.substr(span.begin, span.end - span.begin));
}
bool ahv(const Scan& scan, Span& span) { return ch_ahv(compact(scan, span)); }

bool ssn(const Scan& scan, Span& span) {
  auto text = scan.text.substr(span.begin, span.end - span.begin);
  if (text[3] != text[6] || !us_ssn(compact(scan, span))) return false;
  return text[3] == '-' || scan.near(word::identity, span.begin, span.end, 6, 2);
}

bool nino(const Scan& scan, Span& span) {
  auto number = compact(scan, span);
  for (auto never : {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})
    if (number.starts_with(never)) return false;
  return true;
}

bool spanish(const Scan& scan, Span& span) { return es_nif(compact(scan, span)); }
bool bic_code(const Scan& scan, Span& span) { return bic(compact(scan, span)); }

// A code right after its name ("driver's license number is D123456"), with digits in it.
bool after_keyword(const Scan& scan, Span& span) {
  auto code = scan.text.substr(span.begin, span.end - span.begin);
  if (std::ranges::count_if(code, ascii_digit) < 4) return false;
  return scan.near(word::identity, span.begin, span.end, 4, 0);
}

}  // namespace bastide::guard::checks
