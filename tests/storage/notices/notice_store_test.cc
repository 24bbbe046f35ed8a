#include "storage/notices/notice_store.h"

#include <gmock/gmock.h>

#include "tests/storage/kept_store.h"

namespace bastide::storage {
namespace {

using notices::BudgetNotice;
using notices::Notice;
using Letters = notices::NoticeStore::Letters;

class NoticeStoreTest : public ::testing::Test, public KeptStore<notices::NoticeStore> {
 protected:
  NoticeStoreTest() : KeptStore([](Database& made) { return open_notice_store(made); }) {
    for (const auto* person : {"per_a", "per_b"})
      EXPECT_TRUE(database->write([&](Connection& db) -> Result<void> {
        db.prepare(
              "insert into person (id, organisation, email, name, role, language, created_at, words)"
              " values (?1, 'default', ?1 || '@example.org', '', 'member', '', 1, '')")
            .bind_all(person)
            .run();
        return {};
      }));
  }
  static Notice notice(std::string id, std::string person = "per_a", std::string scope = "key:k1",
                       UnixMillis at = 1000) {
    return {std::move(id),
            std::move(person),
            at,
            {std::move(scope), "Comptabilité", "money", "month", 5, 4.25, 900}};
  }
  std::vector<std::string> unread(const std::string& person) {
    std::vector<std::string> out;
    const auto found = store->unread(person, 100);
    EXPECT_TRUE(found);
    for (const auto& each : *found) out.push_back(each.id);
    return out;
  }
  std::vector<std::string> due(UnixMillis now) {
    std::vector<std::string> out;
    const auto found = store->due(now, 100);
    EXPECT_TRUE(found);
    for (const auto& each : *found) out.push_back(each.notice.id);
    return out;
  }
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(NoticeStoreTest, TellsEachPersonOnceAPeriod) {
  EXPECT_EQ(store->add({notice("n1"), notice("n2", "per_b"), notice("n3", "gone")}, Letters::none), 2U);
  EXPECT_EQ(store->add({notice("n4")}, Letters::none), 0U) << "told before";
  auto next = notice("n5");
  next.budget.begins_at = 2'000;
  next.at = 3'000;
  EXPECT_EQ(store->add({next}, Letters::none), 1U) << "another month";
  open();
  EXPECT_THAT(unread("per_a"), ElementsAre("n5", "n1"));
  EXPECT_EQ((*store->unread("per_a", 1))[0].budget, next.budget);
  EXPECT_THAT(due(1'000'000), IsEmpty()) << "no server was named";
}

TEST_F(NoticeStoreTest, StaysUntilItsOwnerHasReadItAndIsNotToldAgain) {
  ASSERT_TRUE(store->add({notice("n1")}, Letters::none));
  EXPECT_EQ(store->read("per_b", "n1", 7).error().code, Code::not_found);
  EXPECT_THAT(unread("per_a"), ElementsAre("n1"));
  EXPECT_TRUE(store->read("per_a", "n1", 7));
  EXPECT_TRUE(store->read("per_a", "n1", 8));
  EXPECT_THAT(unread("per_a"), IsEmpty());
  EXPECT_EQ(store->add({notice("n2")}, Letters::none), 0U);
}

TEST_F(NoticeStoreTest, ALetterIsDueUntilItIsSentOrGivenUp) {
  ASSERT_TRUE(store->add({notice("n1"), notice("n2", "per_b"), notice("n3", "per_b", "organisation")},
                         Letters::send));
  EXPECT_THAT(due(999), IsEmpty());
  EXPECT_THAT(due(1000), ElementsAre("n1", "n2", "n3"));
  ASSERT_TRUE(store->letter_sent("n1", 1'001));
  ASSERT_TRUE(store->letter_failed("n2", 5'000));
  ASSERT_TRUE(store->letter_failed("n3", 0));
  open();
  EXPECT_THAT(due(4'999), IsEmpty());
  EXPECT_THAT(due(5'000), ElementsAre("n2"));
  EXPECT_EQ((*store->due(5'000, 1))[0].tries, 1);
}

TEST_F(NoticeStoreTest, KeepsTheNewestAndForgetsWhatIsOldAndWhoIsGone) {
  const auto most = static_cast<int>(notices::NoticeStore::kept_max);
  std::vector<Notice> many;
  for (int i = 0; i < most + 5; ++i)
    many.push_back(notice("n" + std::to_string(i), "per_a", "key:" + std::to_string(i), 1000 + i));
  ASSERT_EQ(store->add(many, Letters::none), many.size());
  EXPECT_EQ(store->unread("per_a", 1000)->size(), notices::NoticeStore::kept_max);
  EXPECT_EQ(unread("per_a").front(), "n" + std::to_string(most + 4));
  EXPECT_EQ(store->sweep(1007), 2U) << "n5 and n6: the others before are gone";
  ASSERT_TRUE(store->remove_all("per_a"));
  EXPECT_THAT(unread("per_a"), IsEmpty());
}

}  // namespace
}  // namespace bastide::storage
