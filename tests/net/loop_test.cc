#include "net/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/pool.h"
#include "net/wheel.h"

namespace bastide::net {
namespace {

TEST(Loop, RunsWhatManyThreadsPost) {
  auto thread = *LoopThread::start("test");
  auto* loop = &thread->loop();
  std::atomic<int> ran{0};
  std::atomic<bool> elsewhere{false};
  std::vector<std::thread> posters;
  for (int t = 0; t < 4; ++t)
    posters.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        loop->post([&] {
          if (Loop::current() != loop || Executor::current() != loop) elsewhere = true;
          ++ran;
        });
    });
  for (auto& poster : posters) poster.join();
  thread.reset();  // runs what was posted before it ends
  EXPECT_EQ(ran, 4000);
  EXPECT_FALSE(elsewhere);
  EXPECT_EQ(Loop::current(), nullptr);
}

Task<Result<std::vector<int>>> sleepers() {
  std::vector<int> late;
  for (int span : {1, 5, 20, 60}) {
    auto before = Steady::now();
    co_await sleep_for(Millis(span));
    auto took = std::chrono::duration_cast<Millis>(Steady::now() - before).count();
    late.push_back(static_cast<int>(took) - span);
  }
  co_return late;
}

TEST(Loop, WakesInTime) {
  auto thread = *LoopThread::start("test");
  int best_of_worst = 1000;
  for (int i = 0; i < 5 && best_of_worst > 20; ++i) {  // other programs of the machine may hold up any one
    auto late = run_blocking(thread->loop(), sleepers());
    ASSERT_TRUE(late);
    for (int ms : *late) EXPECT_GE(ms, 0) << "never early";
    best_of_worst = std::min(best_of_worst, std::ranges::max(*late));
  }
  EXPECT_LE(best_of_worst, 20);
}

TEST(Loop, PostAtFromElsewhereWakesASleepingLoop) {
  auto thread = *LoopThread::start("test");
  std::this_thread::sleep_for(Millis(20));
  std::atomic<bool> ran{false};
  thread->loop().post_at(Steady::now() + Millis(10), [&] { ran = true; });
  for (int i = 0; i < 200 && !ran; ++i) std::this_thread::sleep_for(Millis(5));
  EXPECT_TRUE(ran);
}

Task<int> on_pool(Pool& pool, Loop& loop) {
  auto work = [] { return Result<int>(41); };
  auto value = co_await run_on(pool, work);
  EXPECT_EQ(Loop::current(), &loop);
  co_return *value + 1;
}

TEST(Loop, ComesBackFromAPool) {
  Pool pool("p", 1, 10);
  auto thread = *LoopThread::start("test");
  EXPECT_EQ(run_blocking(thread->loop(), on_pool(pool, thread->loop())), 42);
}

TEST(Loop, AFunctionThatThrowsDoesNotEndIt) {
  auto thread = *LoopThread::start("test");
  std::atomic<bool> ran{false};
  thread->loop().post([] { throw std::runtime_error("on purpose"); });
  thread->loop().post([&] { ran = true; });
  thread.reset();
  EXPECT_TRUE(ran);
}

struct Probe final : detail::Timer {
  int fired = 0;
  std::function<void()> then;
  void on_timer() override {
    ++fired;
    if (then) then();
  }
};

TEST(Wheel, FiresOnceInTimeAndNotBefore) {
  auto now = Steady::time_point(std::chrono::hours(1));
  detail::Wheel wheel(now);
  Probe timers[5];
  int spans[] = {1, 35, 500, 12'000, 75'000};
  for (int i = 0; i < 5; ++i) wheel.arm(timers[i], now + Millis(spans[i]));
  for (int ms = 0; ms <= 80'000; ms += 7) {
    wheel.advance(now + Millis(ms));
    for (int i = 0; i < 5; ++i) {
      if (ms < spans[i]) EXPECT_EQ(timers[i].fired, 0) << spans[i] << " at " << ms;
      if (ms >= spans[i] + 30) EXPECT_EQ(timers[i].fired, 1) << spans[i] << " at " << ms;
    }
  }
  EXPECT_FALSE(wheel.next());
}

TEST(Wheel, MovesDisarmsAndSurvivesItsOwnTimers) {
  auto now = Steady::time_point(std::chrono::hours(1));
  detail::Wheel wheel(now);
  Probe moved, disarmed, sooner, again;
  auto gone = std::make_unique<Probe>();
  wheel.arm(moved, now + Millis(50));
  wheel.arm(moved, now + Millis(200));
  wheel.arm(disarmed, now + Millis(50));
  detail::Wheel::disarm(disarmed);
  wheel.arm(sooner, now + Millis(5000));
  wheel.arm(sooner, now + Millis(60));
  wheel.arm(*gone, now + Millis(60));
  sooner.then = [&] { gone.reset(); };
  wheel.arm(again, now + Millis(50));
  again.then = [&] {
    if (again.fired < 3) wheel.arm(again, now + Millis(50));
  };
  wheel.advance(now + Millis(100));
  EXPECT_EQ(moved.fired, 0);
  EXPECT_EQ(sooner.fired, 1);
  EXPECT_EQ(again.fired, 3);
  ASSERT_TRUE(wheel.next());
  EXPECT_LE(*wheel.next(), now + Millis(230));
  wheel.advance(now + Millis(250));
  EXPECT_EQ(moved.fired, 1);
  EXPECT_EQ(disarmed.fired, 0);
}

TEST(Wheel, SaysWhenItIsNextNeeded) {
  auto now = Steady::time_point(std::chrono::hours(1) + Millis(3));
  detail::Wheel wheel(now);
  for (int span : {1, 9, 10, 100, 639, 640, 5000, 10'000}) {
    Probe timer;
    wheel.arm(timer, now + Millis(span));
    auto next = wheel.next();
    ASSERT_TRUE(next);
    EXPECT_GE(*next, now + Millis(span) - Millis(1)) << span;
    EXPECT_LE(*next, now + Millis(span) + Millis(20)) << span;
    now = *next;
    wheel.advance(now);
    EXPECT_EQ(timer.fired, 1) << span;
  }
}

}  // namespace
}  // namespace bastide::net
