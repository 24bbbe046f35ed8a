// tests/policy/data/rules.txt: what may go where, row by row.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/route.h"

namespace bastide::policy {
namespace {

TEST(Rules, HoldRowByRow) {
  std::ifstream in(BASTIDE_SOURCE_DIR "/tests/policy/data/rules.txt");
  ASSERT_TRUE(in);
  std::string line;
  std::string toml;
  bool in_toml = false;
  std::unique_ptr<Labels> labels;
  std::unique_ptr<Router> router;
  int rows = 0;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("--- ")) {
      in_toml = true;
      toml.clear();
      continue;
    }
    if (line == "---") {
      auto config = parse_config(toml, "rules");
      ASSERT_TRUE(config) << config.error().message;
      labels = std::make_unique<Labels>(*config);
      router = std::make_unique<Router>(*config, *labels);
      in_toml = false;
      continue;
    }
    if (in_toml) {
      toml += line + "\n";
      continue;
    }
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream row(line);
    std::string label, zone, model, expected;
    row >> label >> zone >> model >> expected;
    ASSERT_TRUE(router && (expected == "allowed" || expected == "refused")) << "line " << number;
    const Label rank = label.starts_with('?') ? Label{std::stoi(label.substr(1))} : *labels->find(label);
    EXPECT_EQ(router->allows(rank, zone, model), expected == "allowed") << "line " << number << ": " << line;
    ++rows;
  }
  EXPECT_GT(rows, 40);
}

}  // namespace
}  // namespace bastide::policy
