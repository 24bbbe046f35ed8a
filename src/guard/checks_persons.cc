// National identifiers of persons in Europe and the United States. Rules as each authority publishes them.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

#include "guard/checks.h"

namespace bastide::guard {
namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
std::size_t at(char c) { return static_cast<std::size_t>(c - '0'); }
int weighted(std::string_view digits, std::initializer_list<int> weights) {
  int sum = 0;
  auto weight = weights.begin();
  for (char c : digits) {
    if (weight == weights.end()) break;
    sum += (c - '0') * *weight++;
  }
  return sum;
}
long long number(std::string_view digits) {
  long long n = 0;
  for (char c : digits) n = n * 10 + (c - '0');
  return n;
}
}  // namespace

bool it_codice_fiscale(std::string_view c) {
  if (c.size() != 16) return false;
  // Letters stand for digits where two people would share a code.
  constexpr std::string_view omocodia = "LMNPQRSTUV";
  auto digit_of = [&](char x) -> int {
    if (is_digit(x)) return x - '0';
    auto i = omocodia.find(x);
    return i == std::string_view::npos ? -1 : static_cast<int>(i);
  };
  for (std::size_t i : {0U, 1U, 2U, 3U, 4U, 5U, 8U, 11U, 15U})
    if (!is_upper(c[i])) return false;
  for (std::size_t i : {6U, 7U, 9U, 10U, 12U, 13U, 14U})
    if (digit_of(c[i]) < 0) return false;
  constexpr std::string_view months = "ABCDEHLMPRST";
  auto month = months.find(c[8]);
  if (month == std::string_view::npos) return false;
  int day = digit_of(c[9]) * 10 + digit_of(c[10]);
  if (day > 40) day -= 40;
  if (!is_day(day, static_cast<int>(month) + 1, 2000)) return false;
  constexpr std::array odd{1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                           20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    auto v = static_cast<std::size_t>(is_digit(c[i]) ? c[i] - '0' : c[i] - 'A');
    sum += i % 2 == 0 ? odd[v] : static_cast<int>(v);
  }
  return c[15] == 'A' + sum % 26;
}

bool es_nif(std::string_view c) {
  constexpr std::string_view letters = "TRWAGMYFPDXBNJZSQVHLCKE";
  if (c.size() != 9) return false;
  auto letter = [&](std::string_view digits) {
    return letters[static_cast<std::size_t>(number(digits) % 23)];
  };
  if (all_digits(c.substr(0, 8))) return letter(c.substr(0, 8)) == c[8];
  auto middle = c.substr(1, 7);
  if (!all_digits(middle)) return false;
  if (c[0] >= 'X' && c[0] <= 'Z') {
    std::string nie(1, static_cast<char>('0' + (c[0] - 'X')));
    nie += middle;
    return letter(nie) == c[8];
  }
  if (c[0] == 'K' || c[0] == 'L' || c[0] == 'M') return letter(middle) == c[8];
  if (std::string_view("ABCDEFGHJNPQRSUVW").find(c[0]) == std::string_view::npos) return false;
  int sum = 0;  // Luhn's check digit over the seven
  for (std::size_t i = 0; i < 7; ++i) {
    int d = middle[i] - '0';
    if (i % 2 == 0) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  int control = (10 - sum % 10) % 10;
  return c[8] == '0' + control || c[8] == "JABCDEFGHI"[static_cast<std::size_t>(control)];
}

bool fi_hetu(std::string_view c) {
  if (c.size() != 11 || !all_digits(c.substr(0, 6)) || !all_digits(c.substr(7, 3))) return false;
  if (std::string_view("+-YXWVUABCDEF").find(c[6]) == std::string_view::npos) return false;
  if (!is_day(static_cast<int>(number(c.substr(0, 2))), static_cast<int>(number(c.substr(2, 2))), 2000))
    return false;
  if (number(c.substr(7, 3)) < 2) return false;
  std::string all(c.substr(0, 6));
  all += c.substr(7, 3);
  return c[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[static_cast<std::size_t>(number(all) % 31)];
}

bool ch_ahv(std::string_view c) {
  if (c.size() != 13 || !all_digits(c) || c.substr(0, 3) != "756") return false;
  return weighted(c, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

bool be_national(std::string_view c) {
  if (c.size() != 11 || !all_digits(c)) return false;
  auto month = number(c.substr(2, 2)) % 20, day = number(c.substr(4, 2));
  if (month > 12 || day > 31) return false;
  auto base = number(c.substr(0, 9)), check = number(c.substr(9));
  return 97 - base % 97 == check || 97 - (2'000'000'000LL + base) % 97 == check;
}

bool de_tax_id(std::string_view c) {
  if (c.size() != 11 || c[0] == '0' || !mod11_10(c)) return false;
  std::array<int, 10> counts{};
  for (char x : c.substr(0, 10)) ++counts[at(x)];
  auto repeated = std::ranges::count_if(counts, [](int n) { return n > 1; });
  return repeated == 1 && *std::ranges::max_element(counts) <= 3;
}

bool nl_bsn(std::string_view c) {
  if (c.size() != 9 || !all_digits(c) || c == "000000000") return false;
  return weighted(c, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0;
}

bool pl_pesel(std::string_view c) {
  if (c.size() != 11 || !all_digits(c)) return false;
  auto month = number(c.substr(2, 2)) % 20, day = number(c.substr(4, 2));
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  return weighted(c, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}) % 10 == 0;
}

bool pt_nif(std::string_view c) {
  if (c.size() != 9 || !all_digits(c) || c[0] == '0') return false;
  return (11 - weighted(c, {9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 % 10 == c[8] - '0';
}

bool ro_cnp(std::string_view c) {
  if (c.size() != 13 || !all_digits(c) || c[0] == '0') return false;
  if (!is_day(static_cast<int>(number(c.substr(5, 2))), static_cast<int>(number(c.substr(3, 2))), 2000))
    return false;
  int check = weighted(c, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return (check == 10 ? 1 : check) == c[12] - '0';
}

bool se_personnummer(std::string_view c) {
  if (c.size() == 12) c.remove_prefix(2);
  if (c.size() != 10 || !luhn(c)) return false;
  auto day = static_cast<int>(number(c.substr(4, 2)));
  return is_day(day > 60 ? day - 60 : day, static_cast<int>(number(c.substr(2, 2))), 2000);
}

bool gb_nhs(std::string_view c) {
  if (c.size() != 10 || !all_digits(c)) return false;
  return weighted(c, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool fr_tax_id(std::string_view c) {
  if (c.size() != 13 || !all_digits(c) || c[0] > '3') return false;
  return number(c.substr(0, 10)) % 511 == number(c.substr(10));
}

bool us_ssn(std::string_view c) {
  if (c.size() != 9 || !all_digits(c)) return false;
  auto area = c.substr(0, 3);
  return area != "000" && area != "666" && area[0] != '9' && c.substr(3, 2) != "00" && c.substr(5) != "0000";
}

}  // namespace bastide::guard
