#include "storage/guard/pseudonym_store.h"

#include <filesystem>

#include "tests/storage/guard/pseudonym_store_contract.h"

namespace bastide::guard::contract {
namespace {

struct Sqlite {
  std::string folder;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<PseudonymStore> store;
  Sqlite() {
    char name[] = "/tmp/bastide-guard-XXXXXX";
    folder = mkdtemp(name);
    database = std::move(*storage::Database::open(folder + "/test.db"));
    store = storage::open_pseudonym_store(*database);
  }
  ~Sqlite() {
    store.reset();
    database.reset();
    std::filesystem::remove_all(folder);
  }
};

Made sqlite() {
  auto holder = std::make_shared<Sqlite>();
  return {holder, holder->store.get()};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, PseudonymStoreContract, ::testing::Values(Factory(sqlite)));

TEST(SqlitePseudonyms, survive_a_restart) {
  Sqlite first;
  ASSERT_TRUE(first.store->save("cnv_1", "per_a", "kept", 0));
  first.store.reset();
  first.database.reset();
  auto again = storage::Database::open(first.folder + "/test.db");
  ASSERT_TRUE(again);
  auto store = storage::open_pseudonym_store(**again);
  EXPECT_EQ(store->load("cnv_1")->sealed, "kept");
}

}  // namespace
}  // namespace bastide::guard::contract
