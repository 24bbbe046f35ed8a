// What a budget counts, in whole numbers, so that sums of a million small costs are exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace bastide::policy {

enum class Unit : std::uint8_t { money, tokens, requests, energy };
inline constexpr std::size_t units = 4;
/// Calendar periods in UTC; a week begins on Monday.
enum class Period : std::uint8_t { day, week, month };
inline constexpr std::size_t periods = 3;

/// As configuration, answers and the database write them.
[[nodiscard]] std::string_view name(Unit unit);
[[nodiscard]] std::string_view name(Period period);

/// Of one call, or of many: money in 1e-9 of the organisation's currency, energy in 1e-6 Wh.
struct Amounts {
  std::int64_t nano_money = 0;
  std::int64_t tokens = 0;
  std::int64_t requests = 0;
  std::int64_t micro_wh = 0;

  [[nodiscard]] std::int64_t of(Unit unit) const {
    switch (unit) {
      case Unit::money:
        return nano_money;
      case Unit::tokens:
        return tokens;
      case Unit::requests:
        return requests;
      case Unit::energy:
        return micro_wh;
    }
    return 0;
  }
  Amounts& operator+=(const Amounts& other);
  friend bool operator==(const Amounts&, const Amounts&) = default;
};

/// How many of Amounts' numbers make one of the currency, a token, a request, a Wh.
[[nodiscard]] constexpr double per_unit(Unit unit) {
  switch (unit) {
    case Unit::money:
      return 1e9;
    case Unit::energy:
      return 1e6;
    case Unit::tokens:
    case Unit::requests:
      return 1;
  }
  return 1;
}
/// Rounded up, so that an upper bound stays one; bounded by what 64 bits hold, not a number counts as 0.
[[nodiscard]] std::int64_t to_amount(Unit unit, double value);
[[nodiscard]] constexpr double from_amount(Unit unit, std::int64_t amount) {
  return static_cast<double>(amount) / per_unit(unit);
}

/// Both clocks, read once for a call or a turn of an event loop.
struct Moment {
  Steady::time_point steady;
  UnixMillis wall = 0;
  static Moment now() { return {Steady::now(), now_ms()}; }
  /// Now, by one clock: the other has gone on as far.
  [[nodiscard]] Moment later() const {
    const auto now = Steady::now();
    return {now, wall + std::chrono::duration_cast<Millis>(now - steady).count()};
  }
};

/// The day, week and month in which a moment lies, counted from 1970.
struct Calendar {
  std::array<std::int32_t, periods> at{};

  static Calendar of(UnixMillis wall);
  [[nodiscard]] std::int32_t in(Period period) const { return at[static_cast<std::size_t>(period)]; }
};

/// When the period in which `wall` lies began, and when the next begins.
[[nodiscard]] UnixMillis begin_of(Period period, UnixMillis wall);
[[nodiscard]] UnixMillis end_of(Period period, UnixMillis wall);

}  // namespace bastide::policy
