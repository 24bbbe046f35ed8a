// Decimal numbers as a schema writes them, exactly.
#pragma once

#include <compare>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace bastide::models::schema {

struct Decimal {
  bool is_negative = false;  // never of zero
  std::string whole = "0";   // digits, without zeros ahead
  std::string fraction;      // digits, without zeros at the end

  /// As it is printed; nothing for what is no number or has hundreds of digits.
  [[nodiscard]] static std::optional<Decimal> of(const nlohmann::ordered_json& number);
  [[nodiscard]] bool is_zero() const { return whole == "0" && fraction.empty(); }
  [[nodiscard]] bool is_integer() const { return fraction.empty(); }
  [[nodiscard]] Decimal negated() const;
  /// Times ten to `places`, cut to whole digits that a 64-bit number holds; nothing where more are needed.
  [[nodiscard]] std::optional<unsigned long long> scaled(std::size_t places) const;
  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal&) const = default;
};

/// Of digits without zeros ahead.
[[nodiscard]] std::strong_ordering compare_digits(const std::string& a, const std::string& b);
[[nodiscard]] std::string digits_plus_one(std::string digits);
/// Of one at least.
[[nodiscard]] std::string digits_minus_one(std::string digits);

}  // namespace bastide::models::schema
