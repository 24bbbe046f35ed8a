#include "storage/files/file_store.h"

#include <gtest/gtest.h>

#include "tests/storage/kept_store.h"

namespace bastide::storage {
namespace {

using files::FileBounds;
using files::FileQuery;
using files::StoredFile;

class FileStoreTest : public ::testing::Test, public KeptStore<files::FileStore> {
 protected:
  FileStoreTest() : KeptStore([](Database& made) { return open_file_store(made, key_of_person); }) {}
  static StoredFile file(const std::string& id, const std::string& person = "per_a", UnixMillis expires = 0,
                         const std::string& purpose = "user_data") {
    return {id,
            person,
            7,
            expires,
            purpose,
            10,
            "blob_" + id,
            "Bilan d’été.pdf",
            "application/pdf",
            std::string(32, 'k')};
  }
  std::vector<std::string> ids(const FileQuery& query, UnixMillis now = 100) {
    std::vector<std::string> out;
    for (const auto& each : store->list("per_a", query, now).value()) out.push_back(each.id);
    return out;
  }
};

TEST_F(FileStoreTest, a_file_is_there_after_a_restart_for_its_person_only_and_sealed) {
  ASSERT_TRUE(store->add(file("file_1"), std::nullopt));
  EXPECT_EQ(store->add(file("file_1"), std::nullopt).error().code, Code::conflict);
  open();
  const auto found = store->find("file_1", "per_a", 100);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "Bilan d’été.pdf");
  EXPECT_EQ(found->media_type, "application/pdf");
  EXPECT_EQ(found->key, std::string(32, 'k'));
  EXPECT_EQ(found->bytes, 10);
  EXPECT_EQ(store->find("file_1", "per_b", 100).error().detail, "no_file_of_id");
  EXPECT_EQ(store->find("file_2", "per_a", 100).error().detail, "no_file_of_id");
  const auto readable = database->read([](Connection& db) {
    auto query = db.prepare("select count(*) from file where instr(head, 'Bilan') > 0");
    query.step();
    return query.integer(0);
  });
  EXPECT_EQ(readable.value(), 0);
}

TEST_F(FileStoreTest, lists_by_page_order_and_purpose_without_the_expired) {
  for (const auto* id : {"file_1", "file_2", "file_3"}) ASSERT_TRUE(store->add(file(id), std::nullopt));
  ASSERT_TRUE(store->add(file("file_4", "per_a", 0, "batch"), std::nullopt));
  ASSERT_TRUE(store->add(file("file_5", "per_a", 100), std::nullopt));
  ASSERT_TRUE(store->add(file("file_6", "per_b"), std::nullopt));
  using Order = FileQuery::Order;
  EXPECT_EQ(ids({}), (std::vector<std::string>{"file_4", "file_3", "file_2", "file_1"}));
  EXPECT_EQ(ids({.purpose = "batch"}), (std::vector<std::string>{"file_4"}));
  EXPECT_EQ(ids({.after = "file_3", .limit = 1}), (std::vector<std::string>{"file_2"}));
  EXPECT_EQ(ids({.order = Order::oldest_first, .after = "file_2"}),
            (std::vector<std::string>{"file_3", "file_4"}));
  EXPECT_EQ(ids({}, 99).size(), 5U);
}

TEST_F(FileStoreTest, what_is_removed_leaves_its_blob_until_that_is_gone_too) {
  ASSERT_TRUE(store->add(file("file_1"), std::nullopt));
  ASSERT_TRUE(store->add(file("file_2", "per_a", 50), std::nullopt));
  ASSERT_TRUE(store->add(file("file_3"), std::nullopt));
  EXPECT_EQ(store->remove("file_1", "per_b").error().detail, "no_file_of_id");
  EXPECT_TRUE(store->gone(9)->empty());
  ASSERT_TRUE(store->remove("file_1", "per_a"));
  EXPECT_EQ(store->remove_expired(50, 9).value(), 1);
  EXPECT_TRUE(store->holds("blob_file_3").value());
  EXPECT_FALSE(store->holds("blob_file_1").value());
  EXPECT_EQ(store->remove_all("per_a").value(), 1);
  open();
  EXPECT_EQ(store->gone(9)->size(), 3U);
  ASSERT_TRUE(store->forget("blob_file_2"));
  EXPECT_EQ(store->gone(9).value(), (std::vector<std::string>{"blob_file_1", "blob_file_3"}));
}

TEST_F(FileStoreTest, a_person_keeps_as_much_as_the_bounds_allow) {
  const FileBounds by_count{2, 1000}, by_bytes{9, 25};
  ASSERT_TRUE(store->add(file("file_1"), by_count));
  ASSERT_TRUE(store->add(file("file_2"), by_count));
  EXPECT_EQ(store->add(file("file_3"), by_count).error().detail, "too_many_files");
  EXPECT_EQ(store->add(file("file_3"), by_bytes).error().detail, "too_many_files");
  EXPECT_TRUE(store->add(file("file_3", "per_b"), by_count));
  EXPECT_TRUE(store->add(file("file_4"), std::nullopt));
}

}  // namespace
}  // namespace bastide::storage
