// Wall-clock time for records, steady time for deadlines.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bastide {

using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

/// Wall-clock milliseconds since 1970, UTC: how every record stores a time.
using UnixMillis = std::int64_t;

[[nodiscard]] UnixMillis now_ms();
/// Steady::now() as of the kernel's last tick, some milliseconds ago: a fifth of what the exact one costs.
[[nodiscard]] Steady::time_point coarse_now();
/// RFC 3339 in UTC with milliseconds: 2026-11-22T09:41:07.250Z.
[[nodiscard]] std::string rfc3339(UnixMillis at);
/// The first moment of "2026-11-22"; nothing for what is no day of the Gregorian calendar from 1970 to 9999.
[[nodiscard]] std::optional<UnixMillis> parse_day(std::string_view text);
/// Days and months of the Gregorian calendar in UTC, as "2026-11".
[[nodiscard]] std::string year_month(UnixMillis at);

/// A point after which work is not worth going on with. Value type; a default one never passes.
class Deadline {
 public:
  Deadline() = default;
  static Deadline in(Millis span) { return Deadline(Steady::now() + span); }
  [[nodiscard]] bool passed() const { return Steady::now() >= at_; }
  [[nodiscard]] Steady::time_point at() const { return at_; }
  /// Zero when passed.
  [[nodiscard]] Millis left() const;

 private:
  explicit Deadline(Steady::time_point at) : at_(at) {}
  Steady::time_point at_ = Steady::time_point::max();
};

}  // namespace bastide
