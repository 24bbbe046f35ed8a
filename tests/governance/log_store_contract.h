// What every LogStore must do. Include it where one is joined, and INSTANTIATE_TYPED_TEST_SUITE_P with a
// maker that has `LogStore& log()`.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/crypto.h"
#include "governance/log_store.h"

namespace bastide::governance {

template <class Maker>
class LogStoreContract : public testing::Test {
 protected:
  static EntryBody body(std::string subject, std::string kind = "event") {
    return {std::move(kind), 1'700'000'000'000, "ada", std::move(subject), sha256("payload")};
  }
  static Checkpoint sign(std::int64_t size, const Hash& root) { return {size, 1, hex(root)}; }
  Result<std::int64_t> add(const EntryBody& entry, std::string owner = "ada") {
    return log().append(entry, {std::move(owner), "sealed " + entry.subject}, sign);
  }
  LogStore& log() { return maker.log(); }

  Maker maker;
};
TYPED_TEST_SUITE_P(LogStoreContract);

TYPED_TEST_P(LogStoreContract, KeepsEntriesInOrder) {
  EXPECT_EQ(*this->log().size(), 0);
  for (std::int64_t i = 0; i < 20; ++i) EXPECT_EQ(*this->add(this->body(std::to_string(i))), i);
  EXPECT_EQ(*this->log().size(), 20);
  auto page = this->log().page(5, 4);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 4U);
  EXPECT_EQ(page->entries[0].entry.position, 5);
  EXPECT_EQ(page->entries[0].entry.body.subject, "5");
  EXPECT_EQ(page->entries[0].entry.leaf, leaf_hash(canonical(page->entries[0].entry.body)));
  EXPECT_EQ(page->entries[0].payload->sealed, "sealed 5");
  // Leaves 5 to 8 complete 4-5, 6-7, 4-7 and 0-7.
  EXPECT_EQ(page->nodes.size(), 4U);
  EXPECT_TRUE(this->log().page(20, 5)->entries.empty());
}

TYPED_TEST_P(LogStoreContract, ItsNodesAreThoseOfTheTree) {
  TreeHasher hasher;
  for (int i = 0; i < 70; ++i) {
    const auto entry = this->body(std::to_string(i));
    ASSERT_TRUE(this->add(entry));
    hasher.push(leaf_hash(canonical(entry)),
                [&](const Node& node) { EXPECT_EQ(*this->log().at(node.level, node.position), node.hash); });
    EXPECT_EQ(*root_of(this->log(), i + 1), hasher.root());
  }
  EXPECT_FALSE(this->log().at(3, 100));
}

TYPED_TEST_P(LogStoreContract, ManyWritersBuildOneTree) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i)
        EXPECT_TRUE(this->add(this->body(std::to_string(t) + "-" + std::to_string(i))));
    });
  for (auto& thread : threads) thread.join();
  TreeHasher hasher;
  std::set<std::string> seen;
  auto page = this->log().page(0, 1000);
  ASSERT_EQ(page->entries.size(), 240U);
  for (const auto& found : page->entries) {
    EXPECT_EQ(found.entry.position, hasher.size());
    hasher.push(found.entry.leaf);
    seen.insert(found.entry.body.subject);
  }
  EXPECT_EQ(seen.size(), 240U);
  EXPECT_EQ(*root_of(this->log(), 240), hasher.root());
}

TYPED_TEST_P(LogStoreContract, KeepsOneReceiptForAnExchange) {
  ASSERT_TRUE(this->add(this->body("e1", "exchange")));
  auto again = this->add(this->body("e1", "exchange"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::conflict);
  EXPECT_EQ(*this->log().size(), 1);
  EXPECT_TRUE(this->add(this->body("e1", "receipt_read")));
  EXPECT_EQ(this->log().find("exchange", "e1")->entry.position, 0);
  EXPECT_EQ(this->log().find("receipt_read", "e1")->entry.position, 1);
  EXPECT_EQ(this->log().find("exchange", "e2").error().code, Code::not_found);
}

TYPED_TEST_P(LogStoreContract, ForgetsPayloadsAndKeepsHashes) {
  ASSERT_TRUE(this->add(this->body("1"), "ada"));
  ASSERT_TRUE(this->add(this->body("2"), "bob"));
  const auto root = *root_of(this->log(), 2);
  EXPECT_EQ(*this->log().forget("ada"), 1);
  EXPECT_EQ(*this->log().forget("ada"), 0);
  EXPECT_FALSE(this->log().find("event", "1")->payload);
  EXPECT_TRUE(this->log().find("event", "2")->payload);
  EXPECT_EQ(*root_of(this->log(), 2), root);
}

TYPED_TEST_P(LogStoreContract, KeepsCheckpoints) {
  EXPECT_FALSE(*this->log().latest_checkpoint());
  for (const std::int64_t size : {3, 7, 9}) ASSERT_TRUE(this->log().add_checkpoint({size, 1, "note"}));
  ASSERT_TRUE(this->log().add_checkpoint({9, 2, "another"}));
  EXPECT_EQ((*this->log().latest_checkpoint())->size, 9);
  EXPECT_EQ((*this->log().latest_checkpoint())->note, "note");
  auto some = this->log().checkpoints(3, 1);
  ASSERT_EQ(some->size(), 1U);
  EXPECT_EQ(some->front().size, 7);
}

TYPED_TEST_P(LogStoreContract, SignsACheckpointWhenItIsDue) {
  constexpr int writers = 32;
  constexpr int each = static_cast<int>(LogStore::checkpoint_every) / writers + 1;
  std::vector<std::thread> threads;
  for (int t = 0; t < writers; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        EXPECT_TRUE(this->add(this->body(std::to_string(t) + "-" + std::to_string(i))));
    });
  for (auto& thread : threads) thread.join();
  auto latest = *this->log().latest_checkpoint();
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->size, LogStore::checkpoint_every);
  EXPECT_EQ(latest->note, hex(*root_of(this->log(), LogStore::checkpoint_every)));
}

REGISTER_TYPED_TEST_SUITE_P(LogStoreContract, KeepsEntriesInOrder, ItsNodesAreThoseOfTheTree,
                            ManyWritersBuildOneTree, KeepsOneReceiptForAnExchange,
                            ForgetsPayloadsAndKeepsHashes, KeepsCheckpoints, SignsACheckpointWhenItIsDue);

}  // namespace bastide::governance
