#include "base/task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "base/bell.h"
#include "base/pool.h"

namespace bastide {
namespace {

Task<int> one() { co_return 1; }
Task<int> add(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await one();
  co_return sum;
}

TEST(Task, awaits_many_without_growing_the_stack) { EXPECT_EQ(sync_wait(add(200000)), 200000); }

Task<void> throws() {
  throw std::runtime_error("bug");
  co_return;
}
TEST(Task, passes_exceptions_to_the_awaiter) { EXPECT_THROW(sync_wait(throws()), std::runtime_error); }

TEST(Task, counts_a_spawned_task_that_throws) {
  auto before = spawned_failures();
  spawn("test", throws());
  EXPECT_EQ(spawned_failures(), before + 1);
}

Task<bool> wait_for(Bell& bell, std::atomic<bool>& flag) {
  while (!flag) {
    auto seen = bell.count();
    if (flag) break;
    co_await bell.wait(seen, Deadline::in(Millis(5000)));
  }
  co_return true;
}

TEST(Bell, wakes_a_coroutine_from_another_thread) {
  Bell bell;
  std::atomic<bool> flag{false};
  std::thread other([&] {
    std::this_thread::sleep_for(Millis(20));
    flag = true;
    bell.ring();
  });
  EXPECT_TRUE(sync_wait(wait_for(bell, flag)));
  other.join();
}

Task<bool> wait_once(Bell& bell, Millis span) {
  bool rang = co_await bell.wait(bell.count(), Deadline::in(span));
  co_return rang;
}
TEST(Bell, gives_up_at_the_deadline) {
  Bell bell;
  EXPECT_FALSE(sync_wait(wait_once(bell, Millis(10))));
}

Task<Result<int>> square(Pool& pool, int n) {
  auto result = co_await run_on(pool, [n]() -> Result<int> { return n * n; });
  co_return result;
}
TEST(Pool, runs_and_comes_back) {
  Pool pool("test", 2, 16);
  EXPECT_EQ(sync_wait(square(pool, 7)).value(), 49);
}

TEST(Pool, refuses_when_full) {
  Pool pool("test", 0, 1);  // nobody works: the first waits, the second is refused
  EXPECT_TRUE(pool.try_post([] {}));
  EXPECT_FALSE(pool.try_post([] {}));
}

}  // namespace
}  // namespace bastide
