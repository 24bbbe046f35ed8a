#include "storage/governance/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/crypto.h"
#include "governance/audit.h"
#include "governance/verify.h"
#include "tests/governance/log_store_contract.h"
#include "tests/governance/memory_keys.h"

namespace bastide::storage {
namespace {

using testing::HasSubstr;

struct SqliteMaker {
  SqliteMaker() {
    folder = std::filesystem::temp_directory_path() / ("bastide_log_" + hex(random_bytes(6)));
    std::filesystem::create_directories(folder);
    database = std::move(*Database::open((folder / "bastide.db").string()));
    store = std::make_unique<SqliteLog>(*database);
  }
  ~SqliteMaker() {
    store.reset();
    database.reset();
    std::filesystem::remove_all(folder);
  }
  governance::LogStore& log() { return *store; }

  std::filesystem::path folder;
  std::unique_ptr<Database> database;
  std::unique_ptr<SqliteLog> store;
};

}  // namespace
}  // namespace bastide::storage

namespace bastide::governance {
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, LogStoreContract, storage::SqliteMaker);
}

namespace bastide::storage {
namespace {

class SqliteAuditTest : public testing::Test {
 protected:
  Result<void> keep(std::string exchange) {
    return sync_wait(audit.keep(std::move(exchange), "ada", R"({"stages":[]})"));
  }
  std::string problems() {
    const auto found = governance::verify_log(maker.log(), keys, signer);
    EXPECT_TRUE(found);
    return found->holds() ? "holds" : governance::to_text(*found);
  }
  void change(const char* sql) {
    ASSERT_TRUE(maker.database->write([&](Connection& connection) { connection.execute(sql); }));
  }

  SqliteMaker maker;
  governance::MemoryKeys keys;
  governance::Signer signer{"test-log", std::string(32, 's')};
  Pool pool{"test", 4, 1000};
  governance::Audit audit{maker.log(), keys, signer, pool};
};

TEST_F(SqliteAuditTest, FindsWhatWasChangedInTheDatabase) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(keep("e" + std::to_string(i)));
  ASSERT_TRUE(audit.checkpoint());
  EXPECT_EQ(problems(), "holds");
  change("update log_entry set actor = 'eve' where position = 11");
  EXPECT_THAT(problems(), HasSubstr("entry 11 (exchange): its fields are not those that were logged"));
  change("update log_entry set actor = 'ada' where position = 11");
  EXPECT_EQ(problems(), "holds");
  change("update log_node set hash = zeroblob(32) where level = 3 and position = 1");
  EXPECT_THAT(problems(), HasSubstr("tree node 3/1 is not the hash of what lies below it (entries 8 to 15)"));
  change("delete from log_node where level = 3 and position = 1");
  EXPECT_THAT(problems(), HasSubstr("tree node 3/1, completed by entry 15, is missing"));
}

TEST_F(SqliteAuditTest, FindsEntriesThatAreGone) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(keep("e" + std::to_string(i)));
  ASSERT_TRUE(audit.checkpoint());
  change("delete from log_entry where position >= 25");
  EXPECT_THAT(problems(), HasSubstr("has only 25, so entries were cut off"));
  change("delete from log_entry where position = 4");
  EXPECT_THAT(problems(), HasSubstr("entry 4 is missing"));
}

TEST_F(SqliteAuditTest, VerifiesWhileOthersAppend) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop && i < 5000; ++i) {
      EXPECT_TRUE(keep("w" + std::to_string(i)));
      if (i % 20 == 0) EXPECT_TRUE(audit.checkpoint());
    }
  });
  constexpr std::int64_t entries_min = 150;
  while (*maker.log().size() < entries_min && !HasFailure()) EXPECT_EQ(problems(), "holds");
  stop = true;
  writer.join();
  EXPECT_EQ(problems(), "holds");
}

TEST_F(SqliteAuditTest, GoesOnAfterARestart) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(keep("a" + std::to_string(i)));
  maker.store.reset();
  maker.database.reset();
  maker.database = std::move(*Database::open((maker.folder / "bastide.db").string()));
  maker.store = std::make_unique<SqliteLog>(*maker.database);
  governance::Audit again{maker.log(), keys, signer, pool};
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(again.append("key_created", "ada", "k" + std::to_string(i), "{}"));
  EXPECT_EQ(*maker.log().size(), 10);
  EXPECT_EQ(problems(), "holds");
}

}  // namespace
}  // namespace bastide::storage
