// What every guard::PseudonymStore promises.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "guard/pseudonym_store.h"

namespace bastide::guard::contract {

/// `keep` owns what the store refers to.
struct Made {
  std::shared_ptr<void> keep;
  PseudonymStore* store = nullptr;
};
using Factory = std::function<Made()>;

class PseudonymStoreContract : public ::testing::TestWithParam<Factory> {
 protected:
  Made made_ = GetParam()();
  PseudonymStore& store_ = *made_.store;
};

TEST_P(PseudonymStoreContract, what_is_not_there_is_empty) {
  auto found = store_.load("cnv_none");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, 0);
  EXPECT_TRUE(found->sealed.empty());
}

TEST_P(PseudonymStoreContract, keeps_bytes_and_counts_versions) {
  std::string bytes("\0\xff sealed \0", 11);
  ASSERT_TRUE(store_.save("cnv_1", "per_a", bytes, 0));
  auto found = store_.load("cnv_1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sealed, bytes);
  ASSERT_TRUE(store_.save("cnv_1", "per_a", "next", found->version));
  auto next = store_.load("cnv_1");
  EXPECT_EQ(next->sealed, "next");
  EXPECT_GT(next->version, found->version);
  EXPECT_EQ(store_.load("cnv_2")->version, 0);
}

TEST_P(PseudonymStoreContract, the_slower_of_two_writers_learns_it) {
  ASSERT_TRUE(store_.save("cnv_1", "per_a", "one", 0));
  auto late = store_.save("cnv_1", "per_a", "other", 0);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::conflict);
  EXPECT_EQ(late.error().detail, "pseudonyms_changed");
  EXPECT_EQ(store_.load("cnv_1")->sealed, "one");
  auto unknown = store_.save("cnv_9", "per_a", "x", 4);
  EXPECT_FALSE(unknown);
  EXPECT_FALSE(store_.save("cnv_1", "per_b", "stolen", 1));
  EXPECT_EQ(store_.load("cnv_1")->sealed, "one");
}

TEST_P(PseudonymStoreContract, forgets) {
  ASSERT_TRUE(store_.save("cnv_1", "per_a", "1", 0));
  ASSERT_TRUE(store_.save("cnv_2", "per_a", "2", 0));
  ASSERT_TRUE(store_.save("cnv_3", "per_b", "3", 0));
  ASSERT_TRUE(store_.forget("cnv_1"));
  ASSERT_TRUE(store_.forget("cnv_none"));
  EXPECT_EQ(store_.load("cnv_1")->version, 0);
  EXPECT_EQ(store_.load("cnv_2")->sealed, "2");
  ASSERT_TRUE(store_.forget_person("per_a"));
  EXPECT_EQ(store_.load("cnv_2")->version, 0);
  EXPECT_EQ(store_.load("cnv_3")->sealed, "3");
}

TEST_P(PseudonymStoreContract, of_writers_at_once_one_wins_each_version) {
  constexpr int threads = 4, rounds = 8;
  std::atomic<int> won = 0;
  std::vector<std::jthread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int r = 0; r < rounds; ++r) {
        auto now = store_.load("cnv_1");
        if (now && store_.save("cnv_1", "per_a", "x", now->version)) ++won;
      }
    });
  all.clear();
  EXPECT_EQ(store_.load("cnv_1")->version, won.load());
  EXPECT_GE(won.load(), rounds);
}

}  // namespace bastide::guard::contract
