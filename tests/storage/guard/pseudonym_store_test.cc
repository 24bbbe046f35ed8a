#include "storage/guard/pseudonym_store.h"

#include "tests/storage/guard/pseudonym_store_contract.h"
#include "tests/storage/kept_store.h"

namespace bastide::guard::contract {
namespace {

struct Sqlite : storage::KeptStore<PseudonymStore> {
  Sqlite() : KeptStore([](storage::Database& made) { return storage::open_pseudonym_store(made); }) {}
};

Made sqlite() {
  auto holder = std::make_shared<Sqlite>();
  return {holder, holder->store.get()};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, PseudonymStoreContract, ::testing::Values(Factory(sqlite)));

TEST(SqlitePseudonyms, survive_a_restart) {
  Sqlite first;
  ASSERT_TRUE(first.store->save("cnv_1", "per_a", "kept", 0));
  first.open();
  EXPECT_EQ(first.store->load("cnv_1")->sealed, "kept");
}

}  // namespace
}  // namespace bastide::guard::contract
