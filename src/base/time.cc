#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace bastide {

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

std::string year_month(UnixMillis at) { return rfc3339(at).substr(0, 7); }

Millis Deadline::left() const {
  if (at_ == Steady::time_point::max()) return Millis::max();
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(at_ - Steady::now()));
}

}  // namespace bastide
