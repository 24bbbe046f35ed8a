// `bastide guard scan`.
#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "guard/detector.h"
#include "guard/report.h"

namespace bastide::app {

int guard_command(const std::vector<std::string>& args) {
  auto output = guard::ScanOutput::text;
  std::vector<std::string> words;
  for (const auto& arg : args) {
    if (arg == "--json")
      output = guard::ScanOutput::json;
    else
      words.push_back(arg);
  }
  if (words.size() != 2 || words[0] != "scan") {
    fmt::print(stderr, "usage: bastide guard scan FILE|- [--json]\n");
    return 2;
  }
  guard::Detector detector;
  return guard::scan_command(detector, words[1], output, stdout, stderr);
}

}  // namespace bastide::app
