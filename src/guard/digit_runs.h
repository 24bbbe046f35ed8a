// Groups of digits with single separators between them, as people write long numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "guard/tokens.h"

namespace bastide::guard {

struct DigitGroup {
  std::uint32_t begin = 0, end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// A maximal row of groups; `separators[i]` stands before group i.
struct DigitRun {
  static constexpr std::size_t groups_max = 32;
  std::array<DigitGroup, groups_max> groups;
  std::array<char, groups_max> separators{};
  std::size_t count = 0;

  [[nodiscard]] std::size_t begin() const { return groups[0].begin; }
  [[nodiscard]] std::size_t end() const { return groups[count - 1].end; }
};

/// The run that begins at the digit at byte `at`. Separators: one of space . - / and nothing else.
[[nodiscard]] DigitRun digit_run(std::string_view text, std::size_t at);

/// The digits of groups [first, last] without separators; at most `out.size()` of them.
template <std::size_t N>
std::string_view digits_of(std::string_view text, const DigitRun& run, std::size_t first, std::size_t last,
                           std::array<char, N>& out) {
  std::size_t n = 0;
  for (auto g = first; g <= last; ++g)
    for (auto at = run.groups[g].begin; at < run.groups[g].end && n < N; ++at) out[n++] = text[at];
  return {out.data(), n};
}

}  // namespace bastide::guard
