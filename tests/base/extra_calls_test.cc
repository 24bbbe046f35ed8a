#include "base/extra_calls.h"

#include <gtest/gtest.h>

namespace bastide {
namespace {

TEST(ExtraCalls, AreAShareOfTheCallsAndAFewSavedUp) {
  ExtraCalls extras(5);
  int taken = 0;
  while (extras.take()) ++taken;
  EXPECT_EQ(taken, 10);
  for (int i = 0; i < 100; ++i) {
    extras.add_call();
    taken += extras.take() ? 1 : 0;
  }
  EXPECT_EQ(taken, 10 + 20);
}

}  // namespace
}  // namespace bastide
