#include "base/search.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace bastide {
namespace {

TEST(FindBytes, AgreesWithFindOnEverything) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string hay(random() % 200, 'a');
    for (auto& c : hay) c = static_cast<char>('a' + random() % 3);
    std::string needle(random() % 6, 'a');
    for (auto& c : needle) c = static_cast<char>('a' + random() % 3);
    ASSERT_EQ(find_bytes(hay, needle), hay.find(needle)) << hay << " / " << needle;
  }
}

TEST(FindBytes, FindsAtTheVeryEnds) {
  const std::string filler(100, '"');
  EXPECT_EQ(find_bytes("\"usage\"" + filler, "\"usage\""), 0U);
  EXPECT_EQ(find_bytes(filler + "\"usage\"", "\"usage\""), 100U);
  EXPECT_EQ(find_bytes(filler + "\"usage", "\"usage\""), std::string::npos);
}

}  // namespace
}  // namespace bastide
