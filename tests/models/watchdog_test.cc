#include "models/local/watchdog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace bastide::models::local {
namespace {

TEST(Watchdog, SeesWorkThatTakesTooLongAndNoOther) {
  std::atomic<int> stuck = 0;
  Watchdog watchdog(Millis(200), [&] { ++stuck; });
  std::this_thread::sleep_for(Millis(300));
  EXPECT_EQ(stuck, 0) << "nothing runs";
  for (int turn = 0; turn < 30; ++turn) {
    watchdog.begin();
    std::this_thread::sleep_for(Millis(10));
  }
  watchdog.end();
  std::this_thread::sleep_for(Millis(300));
  EXPECT_EQ(stuck, 0) << "much work in short turns, then none";
  watchdog.begin();
  for (int i = 0; i < 500 && stuck == 0; ++i) std::this_thread::sleep_for(Millis(10));
  EXPECT_EQ(stuck, 1);
  std::this_thread::sleep_for(Millis(300));
  EXPECT_EQ(stuck, 1) << "once";
}

}  // namespace
}  // namespace bastide::models::local
