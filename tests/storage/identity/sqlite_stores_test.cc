#include "storage/identity/sqlite_stores.h"

#include "tests/identity/store_contract.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
struct InSqlite final : identity::StoreUnderTest {
  Scratch scratch;
  std::unique_ptr<Database> database = std::move(Database::open(scratch / "a.db").value());
  IdentityStores stores{*database};
  identity::Stores ports() override { return stores.ports(); }
};
}  // namespace
}  // namespace bastide::storage

namespace bastide::identity {
namespace {
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         testing::Values(StoreFactory([] { return std::make_unique<storage::InSqlite>(); })));
}  // namespace
}  // namespace bastide::identity

namespace bastide::storage {
namespace {
TEST(IdentityStores, OrganisationsDoNotSeeEachOther) {
  Scratch scratch;
  auto database = std::move(Database::open(scratch / "a.db").value());
  IdentityStores ours(*database, "ours");
  IdentityStores theirs(*database, "theirs");
  identity::Person anne{.id = "per_1", .email = "anne@example.org", .name = "Anne", .language = ""};
  ASSERT_TRUE(ours.ports().persons.add(anne, std::nullopt));
  EXPECT_FALSE(theirs.ports().persons.any().value());
  EXPECT_FALSE(theirs.ports().persons.find("per_1"));
  identity::Session session{.id = "ses_1", .hash = "h", .person = "per_1"};
  ASSERT_TRUE(ours.ports().sessions.add(session, 0));
  EXPECT_FALSE(theirs.ports().sessions.find("h"));
  ASSERT_TRUE(theirs.ports().sessions.end("h"));
  EXPECT_TRUE(ours.ports().sessions.find("h"));
  anne.id = "per_2";
  EXPECT_TRUE(theirs.ports().persons.add(anne, std::nullopt));
}

TEST(PersonKeys, AreMadeOnceKeptAndDestroyed) {
  Scratch scratch;
  auto database = std::move(Database::open(scratch / "a.db").value());
  std::string master(32, 'm');
  std::string first;
  {
    auto keys = open_person_keys(*database, master);
    ASSERT_TRUE(keys);
    first = (*keys)->key_of("per_1").value();
    EXPECT_EQ(first.size(), 32U);
    EXPECT_EQ((*keys)->key_of("per_1").value(), first);
    EXPECT_NE((*keys)->key_of("per_2").value(), first);
  }
  auto again = open_person_keys(*database, master);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->key_of("per_1").value(), first);
  ASSERT_TRUE((*again)->destroy("per_1"));
  EXPECT_EQ((*again)->key_of("per_1").error().detail, "key_destroyed");
  ASSERT_TRUE((*again)->destroy("per_9"));  // never had one
  auto once_more = open_person_keys(*database, master);
  ASSERT_TRUE(once_more);
  for (auto gone : {"per_1", "per_9"}) EXPECT_EQ((*once_more)->key_of(gone).error().detail, "key_destroyed");
  EXPECT_TRUE((*once_more)->key_of("per_2"));
}

TEST(PersonKeys, AnotherMasterKeyIsRefused) {
  Scratch scratch;
  auto database = std::move(Database::open(scratch / "a.db").value());
  ASSERT_TRUE((*open_person_keys(*database, std::string(32, 'm')))->key_of("per_1"));
  auto other = open_person_keys(*database, std::string(32, 'x'));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().detail, "wrong_master_key");
}

TEST(PersonKeys, ThreadsThatRaceGetTheSameKey) {
  Scratch scratch;
  auto database = std::move(Database::open(scratch / "a.db").value());
  auto keys = std::move(open_person_keys(*database, std::string(32, 'm')).value());
  std::array<std::string, 4> got;
  std::vector<std::thread> threads;
  for (auto& into : got) threads.emplace_back([&] { into = keys->key_of("per_1").value(); });
  for (auto& thread : threads) thread.join();
  for (const auto& key : got) EXPECT_EQ(key, got[0]);
}
}  // namespace
}  // namespace bastide::storage
