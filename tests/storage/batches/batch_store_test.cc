#include "storage/batches/batch_store.h"

#include <gtest/gtest.h>

#include "tests/storage/kept_store.h"

namespace bastide::storage {
namespace {

using batches::Batch;
using batches::Line;
using batches::State;
using batches::Verdict;

class BatchStoreTest : public ::testing::Test, public KeptStore<batches::BatchStore> {
 protected:
  BatchStoreTest() : KeptStore([](Database& made) { return open_batch_store(made, key_of_person); }) {}
  static Batch batch(const std::string& id, const std::string& person = "per_a") {
    Batch out;
    out.id = id;
    out.person = person;
    out.door = "openai";
    out.created_at = 7;
    out.endpoint = "/v1/embeddings";
    out.model = "m";
    out.input_file = "file_in";
    out.expires_at = 99;
    out.metadata = {{"projet", "été"}};
    out.faults = {{"invalid_json_line", "Not JSON.", "body", 3}};
    out.key = "key_1";
    out.email = "ada@example.org";
    out.language = "fr";
    return out;
  }
};

TEST_F(BatchStoreTest, a_batch_is_there_after_a_restart_for_its_person_only_and_sealed) {
  ASSERT_TRUE(store->add(batch("batch_1")));
  open();
  const auto found = store->find("batch_1", "per_a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, State::validating);
  EXPECT_EQ(found->endpoint, "/v1/embeddings");
  EXPECT_EQ(found->model, "m");
  EXPECT_EQ(found->expires_at, 99);
  EXPECT_EQ(found->metadata, batch("").metadata);
  ASSERT_EQ(found->faults.size(), 1U);
  EXPECT_EQ(found->faults[0].line, 3);
  EXPECT_EQ(found->faults[0].param, "body");
  EXPECT_EQ(found->key, "key_1");
  EXPECT_EQ(found->language, "fr");
  EXPECT_EQ(store->find("batch_1", "per_b").error().detail, "no_batch");
  const auto readable = database->read([](Connection& db) {
    auto query = db.prepare("select count(*) from batch where instr(head, 'projet') > 0");
    query.step();
    return query.integer(0);
  });
  EXPECT_EQ(readable.value(), 0);
}

TEST_F(BatchStoreTest, lines_are_answered_once_and_counted) {
  auto one = batch("batch_1");
  ASSERT_TRUE(store->add(one));
  one.state = State::in_progress;
  one.total = 3;
  const std::vector<Line> lines{{1, 0, 10}, {3, 12, 20}, {4, 33, 5}};
  ASSERT_TRUE(store->begin(one, lines));
  ASSERT_TRUE(store->set_cancelling("batch_1", "per_a", 50));
  ASSERT_TRUE(store->set_cancelling("batch_1", "per_a", 60));
  ASSERT_TRUE(store->answer("batch_1", "per_a", {3, Verdict::answered, "first"}));
  ASSERT_TRUE(store->answer("batch_1", "per_a", {3, Verdict::refused, "second"}));
  ASSERT_TRUE(store->answer("batch_1", "per_a", {1, Verdict::refused, "refusal"}));
  open();
  const auto found = store->find("batch_1", "per_a");
  EXPECT_EQ(found->completed, 1);
  EXPECT_EQ(found->failed, 1);
  EXPECT_EQ(found->total, 3);
  EXPECT_EQ(found->cancelling_at, 50);
  const auto waiting = store->waiting("batch_1", 0, 10);
  ASSERT_EQ(waiting->size(), 1U);
  EXPECT_EQ(waiting->front().number, 4);
  EXPECT_EQ(waiting->front().place, 33);
  EXPECT_TRUE(store->waiting("batch_1", 4, 10)->empty());
  const auto answers = store->answers("batch_1", "per_a", 0, 1 << 20);
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ(answers->at(0).json, "refusal");
  EXPECT_EQ(answers->at(1).json, "first");
  EXPECT_EQ(store->answers("batch_1", "per_a", 0, 1)->size(), 1U) << "at least one";
  EXPECT_EQ(store->unfinished()->size(), 1U);
  one.state = State::completed;
  ASSERT_TRUE(store->finish(one));
  EXPECT_EQ(store->find("batch_1", "per_a")->completed, 1) << "counts stay";
  EXPECT_EQ(count("batch_line"), 0);
  EXPECT_TRUE(store->unfinished()->empty());
}

TEST_F(BatchStoreTest, lists_by_page_and_door_and_removes) {
  for (const auto* id : {"batch_1", "batch_2", "batch_3"}) ASSERT_TRUE(store->add(batch(id)));
  auto other = batch("batch_4");
  other.door = "anthropic";
  ASSERT_TRUE(store->add(other));
  ASSERT_TRUE(store->add(batch("batch_5", "per_b")));
  const auto page = store->list("per_a", {"openai", "batch_3", 1});
  ASSERT_EQ(page->size(), 1U);
  EXPECT_EQ(page->front().id, "batch_2");
  EXPECT_EQ(store->list("per_a", {"openai"})->size(), 3U);
  EXPECT_EQ(store->count("per_a", "openai").value(), 3);
  const auto second = store->list("per_a", {"openai", "", 1, 1});
  ASSERT_EQ(second->size(), 1U);
  EXPECT_EQ(second->front().id, "batch_2");
  EXPECT_EQ(store->remove("batch_1", "per_b").error().detail, "no_batch");
  ASSERT_TRUE(store->remove("batch_1", "per_a"));
  auto ended = batch("batch_2");
  ended.state = State::failed;
  ASSERT_TRUE(store->finish(ended));
  EXPECT_EQ(store->sweep(7, 10).value(), 0U);
  EXPECT_EQ(store->sweep(8, 10).value(), 1U) << "what runs stays";
  const std::vector<Line> lines{{1, 0, 10}};
  ASSERT_TRUE(store->begin(batch("batch_3"), lines));
  EXPECT_EQ(store->remove_all("per_a").value(), 2);
  EXPECT_EQ(count("batch"), 1);
  EXPECT_EQ(count("batch_line"), 0);
  EXPECT_EQ(store->update(batch("batch_3")).error().detail, "no_batch");
}

}  // namespace
}  // namespace bastide::storage
