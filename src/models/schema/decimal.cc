#include "models/schema/decimal.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace bastide::models::schema {
namespace {

constexpr long exponent_max = 320;

}  // namespace

std::optional<Decimal> Decimal::of(const nlohmann::ordered_json& number) {
  if (!number.is_number()) return std::nullopt;
  std::string text = number.dump();
  Decimal out;
  if (text.starts_with('-')) {
    out.is_negative = true;
    text.erase(0, 1);
  }
  long exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string::npos) {
    const char* begin = text.data() + e + 1;
    if (*begin == '+') ++begin;
    const auto end = text.data() + text.size();
    if (std::from_chars(begin, end, exponent).ptr != end) return std::nullopt;
    text.resize(e);
  }
  if (exponent > exponent_max || exponent < -exponent_max) return std::nullopt;
  if (const auto point = text.find('.'); point != std::string::npos) {
    exponent -= static_cast<long>(text.size() - point - 1);
    text.erase(point, 1);
  }
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (exponent >= 0) {
    text.append(static_cast<std::size_t>(exponent), '0');
    out.whole = text;
  } else {
    const auto places = static_cast<std::size_t>(-exponent);
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    out.whole = text.substr(0, text.size() - places);
    out.fraction = text.substr(text.size() - places);
  }
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size() - 1));
  out.fraction.resize(out.fraction.find_last_not_of('0') + 1);
  if (out.is_zero()) out.is_negative = false;
  return out;
}

Decimal Decimal::negated() const {
  Decimal out = *this;
  out.is_negative = !is_negative && !is_zero();
  return out;
}

std::optional<unsigned long long> Decimal::scaled(std::size_t places) const {
  std::string digits = whole + fraction.substr(0, places);
  if (fraction.size() < places) digits.append(places - fraction.size(), '0');
  unsigned long long out = 0;
  const auto end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, out);
  return read.ec == std::errc() && read.ptr == end ? std::optional(out) : std::nullopt;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  if (is_negative != other.is_negative)
    return is_negative ? std::strong_ordering::less : std::strong_ordering::greater;
  auto order = compare_digits(whole, other.whole);
  // Digits behind the point compare as text does.
  if (order == std::strong_ordering::equal) order = fraction.compare(other.fraction) <=> 0;
  return is_negative ? 0 <=> order : order;
}

std::strong_ordering compare_digits(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::string digits_plus_one(std::string digits) {
  for (auto at = digits.size(); at-- > 0;) {
    if (digits[at] != '9') {
      ++digits[at];
      return digits;
    }
    digits[at] = '0';
  }
  return "1" + digits;
}

std::string digits_minus_one(std::string digits) {
  for (auto at = digits.size(); at-- > 0;) {
    if (digits[at] != '0') {
      --digits[at];
      break;
    }
    digits[at] = '9';
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return digits;
}

}  // namespace bastide::models::schema
