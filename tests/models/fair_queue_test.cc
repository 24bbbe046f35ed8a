#include "models/local/fair_queue.h"

#include <gtest/gtest.h>

namespace bastide::models::local {
namespace {

Waiting waiting(std::uint64_t call, const char* person, Priority priority = Priority::interactive,
                Steady::time_point since = Steady::now()) {
  Waiting out;
  out.call = call;
  out.person = person;
  out.priority = priority;
  out.since = since;
  return out;
}

FairQueue::Refused push(FairQueue& queue, Waiting each) { return queue.push(each); }

std::uint64_t pop(FairQueue& queue, const std::map<std::string, std::size_t>& running = {}) {
  const auto count = [&](const std::string& person) {
    const auto found = running.find(person);
    return found == running.end() ? 0 : found->second;
  };
  const auto next = queue.pop(count, Steady::now());
  return next ? next->call : 0;
}

TEST(FairQueue, TellsTheOrderInWhichItWillGive) {
  FairQueue queue;
  for (std::uint64_t call = 1; call <= 3; ++call) push(queue, waiting(call, "busy"));
  push(queue, waiting(20, "night", Priority::batch));
  push(queue, waiting(10, "calm"));
  const auto none = [](const std::string&) { return std::size_t{0}; };
  EXPECT_EQ(queue.order(none, Steady::now()), (std::vector<std::uint64_t>{1, 10, 2, 3, 20}));
  const auto busy = [](const std::string& person) { return std::size_t{person == "busy" ? 1U : 0U}; };
  EXPECT_EQ(queue.order(busy, Steady::now()), (std::vector<std::uint64_t>{10, 1, 2, 3, 20}));
  EXPECT_TRUE(FairQueue().order(none, Steady::now()).empty());
}

TEST(FairQueue, PeopleTakeTurns) {
  FairQueue queue;
  for (std::uint64_t call = 1; call <= 3; ++call) push(queue, waiting(call, "busy"));
  push(queue, waiting(10, "calm"));
  EXPECT_EQ(pop(queue), 1U);
  EXPECT_EQ(pop(queue), 10U) << "who was not served yet comes before who was";
  EXPECT_EQ(pop(queue), 2U);
  push(queue, waiting(11, "calm"));
  EXPECT_EQ(pop(queue, {{"calm", 1}}), 3U) << "who has an answer running comes after who has none";
  EXPECT_EQ(pop(queue), 11U);
  EXPECT_EQ(pop(queue), 0U);
}

TEST(FairQueue, GivesNoBatchWhereOnlyPeopleAreSeated) {
  FairQueue queue;
  push(queue, waiting(1, "night", Priority::batch, Steady::now() - 2 * FairQueue::batch_patience));
  const auto none = [](const std::string&) { return std::size_t{0}; };
  const auto people = FairQueue::Takes::interactive;
  EXPECT_FALSE(queue.pop(none, Steady::now(), people)) << "however long it has waited";
  push(queue, waiting(2, "day"));
  EXPECT_EQ(queue.pop(none, Steady::now(), people)->call, 2U);
  EXPECT_EQ(queue.pop(none, Steady::now())->call, 1U);
}

TEST(FairQueue, BatchesGiveWayButDoNotStarve) {
  FairQueue queue;
  push(queue, waiting(1, "a", Priority::batch));
  push(queue, waiting(2, "b"));
  EXPECT_EQ(pop(queue), 2U);
  push(queue, waiting(3, "b"));
  push(queue, waiting(4, "c", Priority::batch, Steady::now() - 2 * FairQueue::batch_patience));
  EXPECT_EQ(pop(queue), 4U) << "it has waited long enough";
  EXPECT_EQ(pop(queue), 3U);
  EXPECT_EQ(pop(queue), 1U);
}

TEST(FairQueue, IsBoundedForEachAndForAll) {
  FairQueue queue;
  std::uint64_t call = 0;
  for (std::size_t i = 0; i < FairQueue::person_max; ++i)
    EXPECT_EQ(push(queue, waiting(++call, "a")), FairQueue::Refused::no);
  EXPECT_EQ(push(queue, waiting(++call, "a")), FairQueue::Refused::person_full);
  for (int person = 0; queue.size() < FairQueue::size_max; ++person)
    EXPECT_EQ(push(queue, waiting(++call, std::to_string(person).c_str())), FairQueue::Refused::no);
  EXPECT_EQ(push(queue, waiting(++call, "z")), FairQueue::Refused::full);
  EXPECT_TRUE(queue.remove(5));
  EXPECT_FALSE(queue.remove(5));
  EXPECT_EQ(queue.size(), FairQueue::size_max - 1);
}

}  // namespace
}  // namespace bastide::models::local
