#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace bastide {

Steady::time_point coarse_now() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
  return Steady::time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

UnixMillis now_ms() {
  return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string rfc3339(UnixMillis at) {
  std::time_t seconds = static_cast<std::time_t>(at / 1000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, at % 1000);
}

std::optional<UnixMillis> parse_day(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1970 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::duration_cast<Millis>(std::chrono::sys_days(date).time_since_epoch()).count();
}

std::string year_month(UnixMillis at) { return rfc3339(at).substr(0, 7); }

Millis Deadline::left() const {
  if (at_ == Steady::time_point::max()) return Millis::max();
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(at_ - Steady::now()));
}

}  // namespace bastide
