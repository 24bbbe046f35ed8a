#include "base/fair_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bastide {
namespace {

using Kind = FairGate::Kind;

Task<void> visit(FairGate& gate, Kind kind, char name, std::string& order, int& running, int& most) {
  auto place = co_await gate.enter(kind, Millis(5'000));
  if (!place) {
    order += '!';
    co_return;
  }
  order += name;
  most = std::max(most, ++running);
  co_await sleep_for(Millis(1));
  --running;
}

struct Doors {
  std::string order;
  int running = 0, most = 0, left = 0;
};

Task<void> counted(Task<void> inner, int& left) {
  Task<void> mine = std::move(inner);
  co_await mine;
  --left;
}

TEST(FairGate, PeopleBeforeProgramsBeforeBatchesAndYetEverybody) {
  SyncExecutor executor;
  FairGate gate(1, 1000);
  Doors all;
  const auto send = [&](Kind kind, char name, int count) {
    for (int i = 0; i < count; ++i) {
      ++all.left;
      spawn_on(executor, "visit",
               counted(visit(gate, kind, name, all.order, all.running, all.most), all.left));
    }
  };
  send(Kind::batch, 'b', 20);
  send(Kind::program, 'p', 20);
  send(Kind::interactive, 'i', 40);
  executor.run_until([&] { return all.left == 0; });
  EXPECT_EQ(all.most, 1);
  EXPECT_EQ(all.order.size(), 80U);
  EXPECT_EQ(all.order.find('!'), std::string::npos);
  const auto while_all_wait = all.order.substr(1, 36);
  EXPECT_EQ(std::ranges::count(while_all_wait, 'i'), 24) << all.order;
  EXPECT_EQ(std::ranges::count(while_all_wait, 'p'), 9) << all.order;
  EXPECT_EQ(std::ranges::count(while_all_wait, 'b'), 3) << "a batch never starves";
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(FairGate, TheQueueIsBoundedAndPatienceEnds) {
  SyncExecutor executor;
  FairGate gate(2, 1);
  auto first = sync_wait(gate.enter(Kind::program, Millis(10)));
  auto second = sync_wait(gate.enter(Kind::program, Millis(10)));
  ASSERT_TRUE(first && second);
  auto waited = sync_wait(gate.enter(Kind::interactive, Millis(30)));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().detail, "queue_timeout");
  EXPECT_EQ(waited.error().code, Code::overloaded);
  EXPECT_GE(waited.error().retry_after_s, 1);
  EXPECT_EQ(gate.waiting(), 0U);
  {
    auto given_back = std::move(*first);
  }
  EXPECT_TRUE(sync_wait(gate.enter(Kind::batch, Millis(10))));
}

TEST(FairGate, BeyondTheQueueNobodyWaits) {
  SyncExecutor executor;
  FairGate gate(1, 2);
  Doors all;
  for (int i = 0; i < 5; ++i) {
    ++all.left;
    spawn_on(executor, "visit",
             counted(visit(gate, Kind::program, 'p', all.order, all.running, all.most), all.left));
  }
  executor.run_until([&] { return all.order.size() >= 3; });
  EXPECT_EQ(all.order, "p!!") << "one runs, two wait, two are told at once";
  executor.run_until([&] { return all.left == 0; });
  EXPECT_EQ(std::ranges::count(all.order, 'p'), 3);
}

}  // namespace
}  // namespace bastide
