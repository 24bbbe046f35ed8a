// What `bastide top` shows: calls by model, from two readings of /metrics.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "observe/exposition.h"

namespace bastide::observe {

struct TopRow {
  std::string model, provider;
  double calls = 0;  // that have ended
  double failed = 0;
  double tokens = 0;                                                    // written
  double cost = 0;                                                      // of the organisation's currency
  std::array<double, Histogram::buckets + 1> latency{}, first_token{};  // counts up to each bound
};

struct TopReading {
  std::vector<TopRow> rows;             // by model and provider
  std::vector<std::string> left_alone;  // providers that failed
  double connections = 0;
};
[[nodiscard]] TopReading read_top(const std::vector<Sample>& samples);

/// Seconds below which `share` of the observations lie, as far as buckets tell; 0 without any.
[[nodiscard]] double quantile(const std::array<double, Histogram::buckets + 1>& counts, double share);

/// Lines of at most `columns` (80 or more), busiest first, at most `lines`. Figures are those between the two
/// readings, a second's worth; without `before` those since the start.
[[nodiscard]] std::string draw_top(const TopReading* before, const TopReading& now, double seconds,
                                   int columns, int lines);

}  // namespace bastide::observe
