// Prometheus text, read again.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::observe {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

/// Lines that are none are left out.
[[nodiscard]] std::vector<Sample> parse_exposition(std::string_view text);

}  // namespace bastide::observe
