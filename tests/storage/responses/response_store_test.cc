#include "storage/responses/response_store.h"

#include <gtest/gtest.h>

#include "tests/storage/kept_store.h"

namespace bastide::storage {
namespace {

using responses::StoredResponse;
using responses::StreamFrame;

class ResponseStoreTest : public ::testing::Test, public KeptStore<responses::ResponseStore> {
 protected:
  ResponseStoreTest() : KeptStore([](Database& made) { return open_response_store(made, key_of_person); }) {}
  void add(const std::string& id, const std::string& chain, const std::string& previous, UnixMillis at = 1,
           const std::string& person = "per_a") {
    ASSERT_TRUE(
        store->add({id, chain, previous, person, at, "internal", "[\"asked\"]", "{\"answered\":1}"}, {}));
  }
};

TEST_F(ResponseStoreTest, what_was_added_is_there_after_a_restart_for_its_person_only) {
  add("resp_1", "resp_1", "", 7);
  open();
  const auto found = store->find("resp_1", "per_a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->items_json, "[\"asked\"]");
  EXPECT_EQ(found->response_json, "{\"answered\":1}");
  EXPECT_EQ(found->label, "internal");
  EXPECT_EQ(found->created_at, 7);
  EXPECT_EQ(store->find("resp_1", "per_b").error().detail, "no_response");
  EXPECT_EQ(store->find("resp_2", "per_a").error().detail, "no_response");
}

TEST_F(ResponseStoreTest, a_chain_is_read_from_its_first_up_to_the_one_asked) {
  add("resp_1", "resp_1", "");
  add("resp_2", "resp_1", "resp_1");
  add("resp_3", "resp_1", "resp_2");
  add("resp_2b", "resp_1", "resp_1");  // a branch
  const auto chain = store->chain("resp_3", "per_a", {10, 1 << 20});
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 3U);
  EXPECT_EQ(chain->front().id, "resp_1");
  EXPECT_EQ(chain->back().id, "resp_3");
  EXPECT_EQ(store->chain("resp_2b", "per_a", {10, 1 << 20})->size(), 2U);
  EXPECT_EQ(store->chain("resp_3", "per_a", {2, 1 << 20}).error().code, Code::too_large);
  EXPECT_EQ(store->chain("resp_3", "per_a", {10, 100}).error().code, Code::too_large);
  EXPECT_EQ(store->chain("resp_3", "per_b", {10, 1 << 20}).error().code, Code::not_found);
  ASSERT_TRUE(store->remove("resp_2", "per_a"));
  EXPECT_EQ(store->chain("resp_3", "per_a", {10, 1 << 20}).error().code, Code::not_found);
}

TEST_F(ResponseStoreTest, finds_the_newest_that_holds_an_item_until_it_is_removed) {
  StoredResponse first{"resp_1", "resp_1", "", "per_a", 1, "internal", "[]", "{}"};
  first.item_ids = {"msg_1", "rs_1"};
  auto second = first;
  second.id = second.chain = "resp_2";
  second.created_at = 2;
  second.item_ids = {"rs_1"};
  ASSERT_TRUE(store->add(first, {}));
  ASSERT_TRUE(store->add(second, {}));
  open();
  EXPECT_EQ(store->holding("msg_1", "per_a")->id, "resp_1");
  EXPECT_EQ(store->holding("rs_1", "per_a")->id, "resp_2");
  EXPECT_EQ(store->holding("rs_1", "per_b").error().detail, "no_item");
  ASSERT_TRUE(store->remove("resp_2", "per_a"));
  EXPECT_EQ(store->holding("rs_1", "per_a")->id, "resp_1");
  first.item_ids = {"msg_late"};
  ASSERT_TRUE(store->finish(first, {}));
  EXPECT_EQ(store->holding("msg_late", "per_a")->id, "resp_1");
  EXPECT_EQ(*store->remove_all("per_a"), 1);
  EXPECT_EQ(count("response_item"), 0);
}

TEST_F(ResponseStoreTest, the_last_one_takes_its_chain_with_it) {
  add("resp_1", "resp_1", "");
  add("resp_2", "resp_1", "resp_1");
  EXPECT_EQ(store->remove("resp_1", "per_b").error().detail, "no_response");
  EXPECT_FALSE(store->remove("resp_1", "per_a")->was_last);
  const auto last = store->remove("resp_2", "per_a");
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->was_last);
  EXPECT_EQ(last->chain, "resp_1");
  EXPECT_EQ(count("response_chain"), 0);
}

TEST_F(ResponseStoreTest, a_chain_lives_as_long_as_it_goes_on) {
  add("resp_1", "resp_1", "", 10);
  add("resp_2", "resp_1", "resp_1", 50);
  add("resp_old", "resp_old", "", 20);
  add("resp_old2", "resp_old2", "", 30);
  EXPECT_EQ(store->sweep(40, 1).value(), std::vector<std::string>{"resp_old"});
  EXPECT_EQ(store->sweep(40, 9).value(), std::vector<std::string>{"resp_old2"});
  EXPECT_TRUE(store->sweep(40, 9)->empty());
  EXPECT_TRUE(store->find("resp_1", "per_a"));
  EXPECT_EQ(count("response"), 2);
}

TEST_F(ResponseStoreTest, a_person_is_erased_and_nobody_else) {
  add("resp_1", "resp_1", "");
  add("resp_2", "resp_1", "resp_1");
  add("resp_b", "resp_b", "", 1, "per_b");
  EXPECT_EQ(store->remove_all("per_a").value(), 2);
  EXPECT_EQ(count("response"), 1);
  EXPECT_EQ(count("response_chain"), 1);
}

TEST_F(ResponseStoreTest, what_runs_by_itself_is_found_after_a_restart_until_it_has_ended) {
  StoredResponse waits{"resp_1", "resp_1", "", "per_a", 1, "internal", "[]", "{\"status\":\"queued\"}"};
  waits.state = responses::State::queued;
  waits.in_background = true;
  waits.call_json = "{\"body\":\"what is to run\"}";
  const std::vector<StreamFrame> begun{{0, "created"}, {1, "queued"}};
  ASSERT_TRUE(store->add(waits, begun));
  add("resp_2", "resp_2", "");
  ASSERT_TRUE(store->set_running("resp_1", "per_a", "{\"status\":\"in_progress\"}"));
  const std::vector<StreamFrame> more{{2, "in_progress"}};
  ASSERT_TRUE(store->append("resp_1", "per_a", more));
  open();
  const auto waiting = store->waiting();
  ASSERT_EQ(waiting->size(), 1U);
  EXPECT_EQ(waiting->front().id, "resp_1");
  auto found = store->find("resp_1", "per_a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, responses::State::running);
  EXPECT_EQ(found->call_json, waits.call_json);
  EXPECT_EQ(store->next_number("resp_1", "per_a").value(), 3);
  found->response_json = "{\"status\":\"completed\"}";
  found->label = "confidential";
  const std::vector<StreamFrame> last{{3, "completed"}};
  ASSERT_TRUE(store->finish(*found, last));
  EXPECT_TRUE(store->waiting()->empty());
  found = store->find("resp_1", "per_a");
  EXPECT_EQ(found->state, responses::State::ended);
  EXPECT_EQ(found->label, "confidential");
  EXPECT_TRUE(found->call_json.empty() && found->in_background);
  const auto frames = store->frames("resp_1", "per_a", 1, 10);
  ASSERT_EQ(frames->size(), 2U);
  EXPECT_EQ(frames->back().text, "completed");
  EXPECT_EQ(store->frames("resp_1", "per_a", -1, 1)->size(), 1U);
  EXPECT_EQ(store->frames("resp_1", "per_b", -1, 9).error().code, Code::not_found);
  EXPECT_EQ(store->append("resp_1", "per_b", more).error().code, Code::not_found);
  ASSERT_TRUE(store->remove("resp_1", "per_a"));
  EXPECT_EQ(count("response_event"), 0);
  EXPECT_EQ(store->finish(*found, {}).error().code, Code::not_found);
}

TEST_F(ResponseStoreTest, nothing_that_a_person_wrote_stands_in_the_file) {
  add("resp_1", "resp_1", "");
  const auto readable = database->read([](Connection& db) {
    auto query = db.prepare(
        "select count(*) from response where instr(items, cast('asked' as blob)) > 0"
        " or instr(response, cast('answered' as blob)) > 0");
    query.step();
    return query.integer(0);
  });
  EXPECT_EQ(readable.value(), 0);
}

}  // namespace
}  // namespace bastide::storage
