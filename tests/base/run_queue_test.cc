#include "base/run_queue.h"

#include <gmock/gmock.h>

namespace bastide {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Item {
  std::string id, person;
};

class RunQueueTest : public ::testing::Test {
 protected:
  std::shared_ptr<Item> add(const std::string& id, const std::string& person) {
    auto item = std::make_shared<Item>(id, person);
    if (!queue.enter(item)) return nullptr;
    queue.queue(item);
    return item;
  }
  std::vector<std::string> started;
  RunQueue<Item> queue{
      {.running_max = 3, .running_per_person_max = 2, .waiting_max = 6, .waiting_per_person_max = 4},
      [this](std::shared_ptr<Item> item) { started.push_back(item->id); }};
};

TEST_F(RunQueueTest, StartsWhoCameFirstAndWhosePersonHasNotTooMuch) {
  const auto a1 = add("a1", "ada");
  add("a2", "ada");
  add("a3", "ada");
  const auto b1 = add("b1", "bob");
  EXPECT_THAT(started, ElementsAre("a1", "a2", "b1")) << "a3 waits for its person's own";
  add("b2", "bob");
  EXPECT_EQ(queue.counts().running, 3U);
  EXPECT_EQ(queue.counts().waiting, 2U);
  queue.leave(b1);
  EXPECT_THAT(started, ElementsAre("a1", "a2", "b1", "b2")) << "a3 was first, but ada has two";
  queue.leave(a1);
  queue.leave(a1);
  EXPECT_THAT(started, ElementsAre("a1", "a2", "b1", "b2", "a3"));
}

TEST_F(RunQueueTest, RefusesBeyondItsBoundsAndTakesAgainOnceSomethingEnded) {
  std::vector<std::shared_ptr<Item>> theirs;
  for (int i = 0; i < 4; ++i) theirs.push_back(add("a" + std::to_string(i), "ada"));
  EXPECT_FALSE(add("a4", "ada")) << "four of a person";
  EXPECT_TRUE(add("b0", "bob"));
  EXPECT_TRUE(add("c0", "eve"));
  EXPECT_FALSE(add("d0", "tom")) << "six in all";
  queue.leave(theirs[3]);  // one that waited
  EXPECT_TRUE(add("d0", "tom"));
  EXPECT_EQ(queue.find("a3"), nullptr);
  EXPECT_EQ(queue.of("ada").size(), 3U);
}

TEST_F(RunQueueTest, WhatTookAPlaceWaitsUntilItIsQueued) {
  const auto item = std::make_shared<Item>("a", "ada");
  ASSERT_TRUE(queue.enter(item));
  EXPECT_THAT(started, IsEmpty());
  EXPECT_EQ(queue.find("a"), item);
  queue.start_now(item);
  EXPECT_THAT(started, IsEmpty()) << "nobody knows yet whether it is stored";
  queue.queue(item);
  EXPECT_THAT(started, ElementsAre("a"));
}

TEST_F(RunQueueTest, StartsOneThatIsToEndWhoeverRuns) {
  add("a1", "ada");
  add("a2", "ada");
  const auto a3 = add("a3", "ada");
  queue.start_now(a3);
  queue.start_now(a3);
  EXPECT_THAT(started, ElementsAre("a1", "a2", "a3"));
  EXPECT_EQ(queue.counts().running, 3U);
}

TEST_F(RunQueueTest, ResumesWhateverTheBoundsAndStartsNoneOnceItIsClosed) {
  std::vector<std::shared_ptr<Item>> before;
  for (int i = 0; i < 8; ++i) before.push_back(std::make_shared<Item>("a" + std::to_string(i), "ada"));
  queue.resume(before);
  EXPECT_THAT(started, ElementsAre("a0", "a1"));
  EXPECT_EQ(queue.close().size(), 8U);
  queue.leave(before[0]);
  EXPECT_THAT(started, ElementsAre("a0", "a1"));
}

}  // namespace
}  // namespace bastide
