#include "models/local/thread_governor.h"

#include <gtest/gtest.h>

namespace bastide::models::local {
namespace {

TEST(ThreadGovernor, GivesWayAndComesBack) {
  ThreadGovernor governor(4);
  auto now = Steady::now();
  EXPECT_FALSE(governor.note(now, 0.1, 0.1)) << "too short to say";
  EXPECT_TRUE(governor.note(now, 0.3, 0.5)) << "1.2 of 4 wanted seconds";
  EXPECT_EQ(governor.threads(), 2);
  EXPECT_TRUE(governor.note(now, 1, 1.2));
  EXPECT_EQ(governor.threads(), 1);
  EXPECT_FALSE(governor.note(now, 1, 0.5)) << "never less than one";
  EXPECT_FALSE(governor.note(now, 1, 1)) << "not at once";
  now += std::chrono::seconds(11);
  EXPECT_TRUE(governor.note(now, 1, 1));
  EXPECT_TRUE(governor.note(now, 1, 2));
  EXPECT_EQ(governor.threads(), 4);
  EXPECT_FALSE(governor.note(now, 1, 3.9));
}

}  // namespace
}  // namespace bastide::models::local
