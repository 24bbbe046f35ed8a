#include "policy/amounts.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace bastide::policy {
namespace {

constexpr UnixMillis day_ms = 24LL * 3600 * 1000;
constexpr std::int64_t days_before_monday = 3;  // 1970-01-01 was a Thursday
constexpr std::int64_t week_days = 7;

std::int64_t day_of(UnixMillis wall) { return wall >= 0 ? wall / day_ms : (wall - day_ms + 1) / day_ms; }

std::chrono::year_month month_of(UnixMillis wall) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day_of(wall)))};
  return {date.year(), date.month()};
}

UnixMillis first_of(std::chrono::year_month month) {
  return std::chrono::sys_days(month / 1).time_since_epoch().count() * day_ms;
}

}  // namespace

std::string_view name(Unit unit) {
  static constexpr std::array<std::string_view, units> names{"money", "tokens", "requests", "energy"};
  return names[static_cast<std::size_t>(unit)];
}

std::string_view name(Period period) {
  static constexpr std::array<std::string_view, periods> names{"day", "week", "month"};
  return names[static_cast<std::size_t>(period)];
}

Amounts& Amounts::operator+=(const Amounts& other) {
  nano_money += other.nano_money;
  tokens += other.tokens;
  requests += other.requests;
  micro_wh += other.micro_wh;
  return *this;
}

std::int64_t to_amount(Unit unit, double value) {
  constexpr double most = 4e18;  // a sum of two fits
  if (!std::isfinite(value)) return value > 0 ? static_cast<std::int64_t>(most) : 0;
  // A hair less, for what is a whole number but for rounding stays it.
  return static_cast<std::int64_t>(std::clamp(std::ceil(value * per_unit(unit) - 1e-6), 0.0, most));
}

Calendar Calendar::of(UnixMillis wall) {
  const auto day = day_of(wall);
  const auto month = month_of(wall);
  return {{static_cast<std::int32_t>(day), static_cast<std::int32_t>((day + days_before_monday) / week_days),
           (static_cast<std::int32_t>(static_cast<int>(month.year())) - 1970) * 12 +
               static_cast<std::int32_t>(static_cast<unsigned>(month.month())) - 1}};
}

UnixMillis begin_of(Period period, UnixMillis wall) {
  const auto day = day_of(wall);
  switch (period) {
    case Period::day:
      return day * day_ms;
    case Period::week:
      return (day - (day + days_before_monday) % week_days) * day_ms;
    case Period::month:
      return first_of(month_of(wall));
  }
  return 0;
}

UnixMillis end_of(Period period, UnixMillis wall) {
  if (period == Period::month) return first_of(month_of(wall) + std::chrono::months(1));
  return begin_of(period, wall) + (period == Period::day ? 1 : week_days) * day_ms;
}

}  // namespace bastide::policy
