// European VAT numbers: structure and check digits of each member state, the United Kingdom and Switzerland.
// Structures as the Commission's VIES lists them; check digits as each tax authority publishes them.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

#include "guard/checks.h"

namespace bastide::guard {
namespace {

int digit_at(std::string_view c, std::size_t i) { return c[i] - '0'; }
long long number(std::string_view digits) {
  long long n = 0;
  for (char c : digits) n = n * 10 + (c - '0');
  return n;
}
int weighted(std::string_view c, std::initializer_list<int> weights) {
  int sum = 0;
  std::size_t i = 0;
  for (int weight : weights) sum += weight * digit_at(c, i++);
  return sum;
}
bool digits(std::string_view c, std::size_t size) { return c.size() == size && all_digits(c); }

bool at(std::string_view c) {
  if (c.size() != 9 || c[0] != 'U' || !all_digits(c.substr(1))) return false;
  c.remove_prefix(1);
  int sum = 4;
  for (std::size_t i = 0; i < 7; ++i) {
    int d = digit_at(c, i);
    if (i % 2 == 1) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return (10 - sum % 10) % 10 == digit_at(c, 7);
}
bool be(std::string_view c) {
  std::string padded;
  if (c.size() == 9) {
    padded = "0";
    padded += c;
    c = padded;
  }
  return digits(c, 10) && c[0] <= '1' && number(c.substr(0, 8)) > 0 &&
         97 - number(c.substr(0, 8)) % 97 == number(c.substr(8));
}
bool bg(std::string_view c) {
  if (digits(c, 10)) return true;  // persons: three kinds of number, told apart only by registers
  if (!digits(c, 9)) return false;
  int check = weighted(c, {1, 2, 3, 4, 5, 6, 7, 8}) % 11;
  if (check == 10) check = weighted(c, {3, 4, 5, 6, 7, 8, 9, 10}) % 11 % 10;
  return check == digit_at(c, 8);
}
bool cy(std::string_view c) {
  if (c.size() != 9 || !all_digits(c.substr(0, 8)) || c.substr(0, 2) == "12") return false;
  constexpr std::array odd{1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i)
    sum += i % 2 == 0 ? odd[static_cast<std::size_t>(digit_at(c, i))] : digit_at(c, i);
  return c[8] == 'A' + sum % 26;
}
bool cz(std::string_view c) {
  if (digits(c, 8)) {
    int check = (11 - weighted(c, {8, 7, 6, 5, 4, 3, 2}) % 11) % 11;
    return (check ? check : 1) % 10 == digit_at(c, 7);
  }
  if (digits(c, 9)) return true;  // persons, before 1954 without a check digit
  return digits(c, 10) && (number(c) % 11 == 0 || (number(c.substr(0, 9)) % 11 == 10 && c[9] == '0'));
}
bool dk(std::string_view c) {
  return digits(c, 8) && c[0] != '0' && weighted(c, {2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}
bool ee(std::string_view c) { return digits(c, 9) && weighted(c, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0; }
bool el(std::string_view c) {
  std::string padded;
  if (c.size() == 8) {
    padded = "0";
    padded += c;
    c = padded;
  }
  return digits(c, 9) && weighted(c, {256, 128, 64, 32, 16, 8, 4, 2}) % 11 % 10 == digit_at(c, 8);
}
bool fi(std::string_view c) { return digits(c, 8) && weighted(c, {7, 9, 10, 5, 8, 4, 2, 1}) % 11 == 0; }
bool gb(std::string_view c) {
  if (c.size() == 5)
    return (c.starts_with("GD") && number(c.substr(2)) < 500 && all_digits(c.substr(2))) ||
           (c.starts_with("HA") && all_digits(c.substr(2)) && number(c.substr(2)) >= 500);
  if (!(digits(c, 9) || digits(c, 12))) return false;
  int sum = weighted(c, {8, 7, 6, 5, 4, 3, 2, 10, 1}) % 97;
  return sum == 0 || sum == 42 || sum == 55;
}
bool hu(std::string_view c) { return digits(c, 8) && weighted(c, {9, 7, 3, 1, 9, 7, 3, 1}) % 10 == 0; }
bool ie(std::string_view c) {
  constexpr std::string_view alphabet = "WABCDEFGHIJKLMNOPQRSTUV";
  if (c.size() != 8 && c.size() != 9) return false;
  std::string body(c.substr(0, 7));
  if (!all_digits(body)) {  // the older form: digit, sign or letter, five digits
    if (c.size() != 8 || !all_digits(c.substr(2, 5)) || c[0] < '0' || c[0] > '9') return false;
    body = "0";
    body += c.substr(2, 5);
    body += c[0];
  }
  int sum = weighted(body, {8, 7, 6, 5, 4, 3, 2});
  if (c.size() == 9) {
    auto second = alphabet.find(c[8]);
    if (second == std::string_view::npos) return false;
    sum += 9 * static_cast<int>(second);
  }
  return c[7] == alphabet[static_cast<std::size_t>(sum % 23)];
}
bool it(std::string_view c) {
  if (!digits(c, 11) || number(c.substr(0, 7)) == 0) return false;
  auto office = number(c.substr(7, 3));
  return ((office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 ||
          office == 999) &&
         luhn(c);
}
bool lt(std::string_view c) {
  if (!digits(c, 9) && !digits(c, 12)) return false;
  if (c[c.size() - 2] != '1') return false;
  auto sum = [&](std::size_t shift) {
    std::size_t total = 0;
    for (std::size_t i = 0; i + 1 < c.size(); ++i)
      total += (1 + (i + shift) % 9) * static_cast<std::size_t>(digit_at(c, i));
    return static_cast<int>(total % 11);
  };
  int check = sum(0);
  if (check == 10) check = sum(2) % 10;
  return check == digit_at(c, c.size() - 1);
}
bool lu(std::string_view c) { return digits(c, 8) && number(c.substr(0, 6)) % 89 == number(c.substr(6)); }
bool lv(std::string_view c) {
  if (!digits(c, 11)) return false;
  if (c[0] <= '3') return true;  // persons: a date, or "32" since 2017
  return weighted(c, {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1}) % 11 == 3;
}
bool mt(std::string_view c) {
  return digits(c, 8) && c[0] != '0' && weighted(c, {3, 4, 6, 7, 8, 9, 10, 1}) % 37 == 0;
}
bool nl(std::string_view c) {
  if (c.size() != 12 || c[9] != 'B' || !all_digits(c.substr(0, 9)) || !all_digits(c.substr(10))) return false;
  if (nl_bsn(c.substr(0, 9))) return true;
  return mod97(c, mod97("NL")) == 1;  // sole traders since 2020
}
bool pl(std::string_view c) {
  return digits(c, 10) && weighted(c, {6, 5, 7, 2, 3, 4, 5, 6, 7, -1}) % 11 == 0;
}
bool ro(std::string_view c) {
  if (c.size() == 13) return ro_cnp(c);
  if (c.size() < 2 || c.size() > 10 || !all_digits(c) || c[0] == '0') return false;
  std::string padded(10 - c.size(), '0');
  padded += c;
  return 10 * weighted(padded, {7, 5, 3, 2, 1, 7, 5, 3, 2}) % 11 % 10 == digit_at(padded, 9);
}
bool se(std::string_view c) { return digits(c, 12) && c.substr(10) == "01" && luhn(c.substr(0, 10)); }
bool si(std::string_view c) {
  if (!digits(c, 8) || c[0] == '0') return false;
  int check = 11 - weighted(c, {8, 7, 6, 5, 4, 3, 2}) % 11;
  return check != 11 && check % 10 == digit_at(c, 7);
}
bool sk(std::string_view c) { return digits(c, 10) && c[0] != '0' && number(c) % 11 == 0; }
bool che(std::string_view c) {             // with the E of CHE in front
  if (c.size() > 10) c = c.substr(0, 10);  // MWST, TVA or IVA may follow
  if (c.size() != 10 || c[0] != 'E' || !all_digits(c.substr(1))) return false;
  c.remove_prefix(1);
  return (11 - weighted(c, {5, 4, 3, 2, 7, 6, 5, 4}) % 11) % 11 == digit_at(c, 8);
}
bool hr(std::string_view c) { return c.size() == 11 && mod11_10(c); }
bool de(std::string_view c) { return c.size() == 9 && c[0] != '0' && mod11_10(c); }

struct Country {
  std::string_view letters;
  std::size_t length_max;
  bool (*check)(std::string_view);
};
constexpr std::array table{
    Country{"AT", 9, at},      Country{"BE", 10, be},    Country{"BG", 10, bg},    Country{"CH", 10, che},
    Country{"CY", 9, cy},      Country{"CZ", 10, cz},    Country{"DE", 9, de},     Country{"DK", 8, dk},
    Country{"EE", 9, ee},      Country{"EL", 9, el},     Country{"ES", 9, es_nif}, Country{"FI", 8, fi},
    Country{"FR", 11, vat_fr}, Country{"GB", 12, gb},    Country{"GR", 9, el},     Country{"HR", 11, hr},
    Country{"HU", 8, hu},      Country{"IE", 9, ie},     Country{"IT", 11, it},    Country{"LT", 12, lt},
    Country{"LU", 8, lu},      Country{"LV", 11, lv},    Country{"MT", 8, mt},     Country{"NL", 12, nl},
    Country{"PL", 10, pl},     Country{"PT", 9, pt_nif}, Country{"RO", 13, ro},    Country{"SE", 12, se},
    Country{"SI", 8, si},      Country{"SK", 10, sk},    Country{"XI", 12, gb}};

const Country* find(std::string_view letters) {
  const auto* found = std::ranges::find(table, letters, &Country::letters);
  return found == table.end() ? nullptr : found;
}

}  // namespace

bool vat_fr(std::string_view c) {
  if (c.size() != 11 || !all_digits(c.substr(2))) return false;
  auto company = c.substr(2);
  if (company.substr(0, 3) != "000" && !siren(company)) return false;  // 000: Monaco
  if (all_digits(c.substr(0, 2)))
    return company.substr(0, 3) == "000" || number(c.substr(0, 2)) == (12 + 3 * (number(company) % 97)) % 97;
  constexpr std::string_view alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  auto first = alphabet.find(c[0]), second = alphabet.find(c[1]);
  if (first == std::string_view::npos || second == std::string_view::npos) return false;
  auto check = static_cast<long long>(first < 10 ? first * 24 + second - 10 : first * 34 + second - 100);
  return (number(company) + 1 + check / 11) % 11 == check % 11;
}

std::size_t vat_length_max(std::string_view country) {
  const auto* found = find(country);
  return found ? found->length_max : 0;
}

bool vat(std::string_view compact) {
  if (compact.size() < 4) return false;
  const auto* found = find(compact.substr(0, 2));
  return found != nullptr && found->check(compact.substr(2));
}

}  // namespace bastide::guard
