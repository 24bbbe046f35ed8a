// Who is next among several that share by weight.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bastide {

/// Each index as often as its weight, spread as evenly as whole turns allow (smooth weighted round robin): to
/// be walked again and again. At most 256 weights.
[[nodiscard]] inline std::vector<std::uint8_t> fair_turns(const std::vector<int>& weights) {
  std::vector<int> credit(weights.size());
  int total = 0;
  for (const int weight : weights) total += weight;
  std::vector<std::uint8_t> turns;
  for (int i = 0; i < total; ++i) {
    for (std::size_t k = 0; k < weights.size(); ++k) credit[k] += weights[k];
    const auto next = std::ranges::max_element(credit) - credit.begin();
    credit[static_cast<std::size_t>(next)] -= total;
    turns.push_back(static_cast<std::uint8_t>(next));
  }
  return turns;
}

}  // namespace bastide
