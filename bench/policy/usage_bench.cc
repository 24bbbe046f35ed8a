// What leaving a row for the usage log costs a thread, in nanoseconds of its own processor time.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "policy/usage.h"

int main() {
  using namespace bastide::policy;
  constexpr std::size_t capacity = 8192;
  constexpr int rounds = 201;
  const auto cpu_ns = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
  };
  std::vector<UsageRow> rows(capacity);
  UsageWriter::Ends ends;
  UsageWriter writer(ends, rows.data(), capacity, 1, 0);
  UsageRow row;
  row.set_exchange("ex_01jd7q3v8k5m2n4p6r8t0w1x3z");
  std::vector<double> each;
  for (int round = 0; round < rounds; ++round) {
    const double begun = cpu_ns();
    for (std::size_t i = 0; i < capacity; ++i) {
      row.at_ms = static_cast<std::int64_t>(i);
      if (!writer.append(row)) return 1;
    }
    each.push_back((cpu_ns() - begun) / capacity);
    ends.tail = ends.head.load();
  }
  std::ranges::sort(each);
  fmt::print("{{\"figure\": \"append a usage row\", \"ns\": {:.0f}}}\n", each[rounds / 2]);
}
