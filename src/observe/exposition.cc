#include "observe/exposition.h"

#include <cstdlib>
#include <optional>

#include "base/text.h"

namespace bastide::observe {
namespace {

/// `a="x",b="y"}` with what follows; nothing when it does not end.
std::optional<std::map<std::string, std::string>> read_labels(std::string_view& rest) {
  std::map<std::string, std::string> labels;
  for (;;) {
    if (rest.starts_with('}')) {
      rest.remove_prefix(1);
      return labels;
    }
    if (rest.starts_with(',')) rest.remove_prefix(1);
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) return std::nullopt;
    std::string name(rest.substr(0, equals)), value;
    rest.remove_prefix(equals + 2);
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      value += rest.front();
      rest.remove_prefix(1);
    }
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
    labels.emplace(std::move(name), std::move(value));
  }
}

}  // namespace

std::vector<Sample> parse_exposition(std::string_view text) {
  std::vector<Sample> samples;
  for (auto line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto end = line.find_first_of("{ ");
    if (end == std::string_view::npos || end == 0) continue;
    Sample sample;
    sample.name = line.substr(0, end);
    auto rest = line.substr(end);
    if (rest.front() == '{') {
      rest.remove_prefix(1);
      auto labels = read_labels(rest);
      if (!labels) continue;
      sample.labels = std::move(*labels);
    }
    const std::string number(trim(rest));
    char* after = nullptr;
    sample.value = std::strtod(number.c_str(), &after);
    if (after == number.c_str()) continue;
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace bastide::observe
