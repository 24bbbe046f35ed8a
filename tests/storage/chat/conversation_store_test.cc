#include "storage/chat/conversation_store.h"

#include <cstdlib>
#include <filesystem>

#include "base/crypto.h"
#include "tests/storage/chat/conversation_store_contract.h"

namespace bastide::chat::contract {
namespace {

struct Sqlite {
  std::string folder;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<ConversationStore> store;
  Sqlite() {
    char name[] = "/tmp/bastide-chat-XXXXXX";
    folder = mkdtemp(name);
    database = std::move(*storage::Database::open(folder + "/test.db"));
    store = storage::open_conversation_store(*database, [](std::string_view person) {
      return Result<std::string>(std::string(32, person.back()));
    });
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
