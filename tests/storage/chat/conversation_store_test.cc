#include "storage/chat/conversation_store.h"

#include "tests/storage/chat/conversation_store_contract.h"
#include "tests/storage/kept_store.h"

namespace bastide::chat::contract {
namespace {

struct Sqlite : storage::KeptStore<ConversationStore> {
  Sqlite()
      : KeptStore([](storage::Database& made) {
          return storage::open_conversation_store(made, storage::key_of_person);
        }) {}
};

Made sqlite() {
  auto holder = std::make_shared<Sqlite>();
  return {holder, holder->store.get()};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, ConversationStoreContract, ::testing::Values(Factory(sqlite)));

TEST(SqliteConversations, nothing_that_a_person_wrote_stands_in_the_file) {
  Sqlite made;
  Conversation c{"cnv_1", "default", "per_a", "a secret title", 1, 1, "", "", "{}"};
  ASSERT_TRUE(made.store->create(c));
  auto count = made.database->read([](storage::Connection& db) {
    auto query =
        db.prepare("select count(*) from conversation where instr(cast(title as text), 'secret') > 0");
    query.step();
    return query.integer(0);
  });
  EXPECT_EQ(count.value(), 0);
}

}  // namespace
}  // namespace bastide::chat::contract
