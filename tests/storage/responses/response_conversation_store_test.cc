#include "storage/responses/response_conversation_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "storage/responses/response_store.h"
#include "tests/storage/kept_store.h"

namespace bastide::storage {
namespace {

using responses::ConversationItem;
using responses::StoredResponse;

constexpr responses::ChainBounds bounds{100, 1 << 20};

class ResponseConversationStoreTest : public ::testing::Test, public KeptStore<responses::ConversationStore> {
 protected:
  ResponseConversationStoreTest()
      : KeptStore([](Database& made) { return open_response_conversation_store(made, key_of_person); }),
        kept(open_response_store(*database, key_of_person)) {}
  void close() {
    kept.reset();
    KeptStore::close();
  }
  void open() {
    close();
    KeptStore::open();
    kept = open_response_store(*database, key_of_person);
  }
  void create(const std::string& id, std::vector<ConversationItem> items = {}) {
    ASSERT_TRUE(store->create({id, "per_a", 5, R"({"topic":"a"})"}, items));
  }
  static StoredResponse turn(const std::string& id, const std::string& conversation) {
    StoredResponse out{id, conversation, "", "per_a", 7, "internal", "[]", "{}"};
    out.said = {{"msg_" + id, "{\"said\":1}", "internal"}};
    return out;
  }
  std::string ids(const std::string& conversation) {
    std::string out;
    const auto items = store->items(conversation, "per_a", bounds);
    if (!items) return items.error().detail;
    for (const auto& item : *items) out += item.id + " ";
    return out;
  }

  std::unique_ptr<responses::ResponseStore> kept;  // on the same database
};

TEST_F(ResponseConversationStoreTest, what_was_made_is_there_after_a_restart_sealed_and_for_its_person_only) {
  create("conv_1", {{"msg_1", R"({"text":"a colour"})", ""}, {"msg_2", "{}", "secret"}});
  ASSERT_TRUE(store->append("conv_1", "per_a", std::vector<ConversationItem>{{"msg_0", "[1]", ""}}, 3));
  open();
  const auto found = store->find("conv_1", "per_a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->created_at, 5);
  EXPECT_EQ(found->metadata_json, R"({"topic":"a"})");
  const auto items = store->items("conv_1", "per_a", bounds);
  ASSERT_TRUE(items);
  EXPECT_EQ(ids("conv_1"), "msg_1 msg_2 msg_0 ");
  EXPECT_EQ((*items)[0].json, R"({"text":"a colour"})");
  EXPECT_EQ((*items)[1].label, "secret");
  EXPECT_EQ(store->holding("msg_0", "per_a")->json, "[1]");
  EXPECT_EQ(store->find("conv_1", "per_b").error().detail, "no_conversation");
  EXPECT_EQ(store->items("conv_1", "per_b", bounds).error().detail, "no_conversation");
  EXPECT_EQ(store->append("conv_1", "per_b", {}, 9).error().detail, "no_conversation");
  EXPECT_EQ(store->set_metadata("conv_1", "per_b", "{}").error().detail, "no_conversation");
  EXPECT_EQ(store->remove("conv_1", "per_b").error().detail, "no_conversation");
  EXPECT_EQ(store->holding("msg_0", "per_b").error().detail, "no_item");
  close();
  for (const auto& file : std::filesystem::directory_iterator(scratch.path())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("a colour"), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find("topic"), std::string::npos) << file.path();
  }
}

TEST_F(ResponseConversationStoreTest, items_are_bounded_and_have_one_place) {
  create("conv_1", {{"msg_1", "{}", ""}});
  const std::vector<ConversationItem> again{{"msg_1", "{}", ""}}, next{{"msg_2", "{}", ""}};
  EXPECT_EQ(store->append("conv_1", "per_a", again, 10).error().detail, "duplicate_item");
  EXPECT_EQ(store->append("conv_1", "per_a", next, 1).error().code, Code::too_large);
  ASSERT_TRUE(store->append("conv_1", "per_a", next, 2));
  EXPECT_EQ(store->items("conv_1", "per_a", {1, 1 << 20}).error().code, Code::too_large);
  EXPECT_EQ(store->items("conv_1", "per_a", {10, 1}).error().code, Code::too_large);
  ASSERT_TRUE(store->remove_item("conv_1", "per_a", "msg_1"));
  EXPECT_EQ(store->remove_item("conv_1", "per_a", "msg_1").error().detail, "no_item");
  EXPECT_EQ(store->item_of("conv_1", "per_a", "msg_1").error().detail, "no_item");
  EXPECT_EQ(store->item_of("conv_1", "per_a", "msg_2")->id, "msg_2");
  EXPECT_EQ(store->item_of("conv_2", "per_a", "msg_2").error().detail, "no_conversation");
  ASSERT_TRUE(store->set_metadata("conv_1", "per_a", "{}"));
  EXPECT_EQ(store->find("conv_1", "per_a")->metadata_json, "{}");
}

TEST_F(ResponseConversationStoreTest, a_response_and_what_it_said_are_kept_together) {
  create("conv_1");
  ASSERT_TRUE(kept->add(turn("resp_1", "conv_1"), {}));
  auto running = turn("resp_2", "conv_1");
  auto said = std::exchange(running.said, {});
  running.state = responses::State::queued;
  ASSERT_TRUE(kept->add(running, {}));
  EXPECT_EQ(ids("conv_1"), "msg_resp_1 ");
  running.said = said;
  ASSERT_TRUE(kept->finish(running, {}));
  EXPECT_EQ(ids("conv_1"), "msg_resp_1 msg_resp_2 ");
  // What is in it already takes its place anew: nothing stands there twice.
  auto third = turn("resp_3", "conv_1");
  third.said = {{"msg_resp_1", "{}", ""}};
  ASSERT_TRUE(kept->add(third, {}));
  EXPECT_EQ(ids("conv_1"), "msg_resp_2 msg_resp_1 ");
  for (const auto* id : {"resp_1", "resp_2", "resp_3"}) EXPECT_FALSE(kept->remove(id, "per_a")->was_last);
  EXPECT_EQ(ids("conv_1"), "msg_resp_2 msg_resp_1 ") << "a conversation stays without responses";
}

TEST_F(ResponseConversationStoreTest, it_takes_its_responses_with_it_and_none_comes_back) {
  create("conv_1");
  ASSERT_TRUE(kept->add(turn("resp_1", "conv_1"), {}));
  ASSERT_TRUE(store->remove("conv_1", "per_a"));
  EXPECT_EQ(kept->find("resp_1", "per_a").error().code, Code::not_found);
  EXPECT_EQ(kept->add(turn("resp_2", "conv_1"), {}).error().detail, "no_conversation");
  EXPECT_EQ(kept->finish(turn("resp_1", "conv_1"), {}).error().code, Code::not_found);
  EXPECT_EQ(ids("conv_1"), "no_conversation");
  create("conv_2");
  auto stolen = turn("resp_3", "conv_2");
  stolen.person = "per_b";
  EXPECT_EQ(kept->add(stolen, {}).error().detail, "no_conversation") << "another's";
}

TEST_F(ResponseConversationStoreTest, it_goes_with_its_person_and_when_it_rests) {
  create("conv_1", {{"msg_1", "{}", ""}});
  EXPECT_TRUE(kept->sweep(5, 10)->empty());
  EXPECT_EQ(*kept->sweep(6, 10), std::vector<std::string>{"conv_1"});
  EXPECT_EQ(ids("conv_1"), "no_conversation");
  create("conv_2", {{"msg_1", "{}", ""}});
  ASSERT_TRUE(kept->remove_all("per_b"));
  EXPECT_EQ(ids("conv_2"), "msg_1 ");
  ASSERT_TRUE(kept->remove_all("per_a"));
  EXPECT_EQ(ids("conv_2"), "no_conversation");
}

}  // namespace
}  // namespace bastide::storage
