#include "storage/identity/audience.h"

#include <gmock/gmock.h>

#include "../scratch.h"

namespace bastide::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> ids(const Result<std::vector<identity::Recipient>>& found) {
  std::vector<std::string> out;
  EXPECT_TRUE(found);
  if (found)
    for (const auto& each : *found) out.push_back(each.person);
  return out;
}

TEST(Audience, IsWhoHoldsTheRoleOrIsInTheGroupAndMayStillComeIn) {
  const Scratch scratch;
  auto database = std::move(*Database::open(scratch / "test.db"));
  ASSERT_TRUE(database->write([](Connection& db) -> Result<void> {
    db.execute(
        "insert into person (id, organisation, email, name, role, language, disabled_at, created_at, words) "
        "values"
        " ('ada', 'default', 'ada@example.org', '', 'admin', 'fr', null, 1, ''),"
        " ('bob', 'default', 'bob@example.org', '', 'admin', '', 5, 1, ''),"
        " ('eve', 'default', 'eve@example.org', '', 'member', '', null, 1, ''),"
        " ('tom', 'default', 'tom@example.org', '', 'member', '', null, 1, ''),"
        " ('zoe', 'other', 'zoe@example.org', '', 'admin', '', null, 1, '')");
    db.execute(
        "insert into person_group (id, organisation, name, name_key, words, created_at) values"
        " ('outer', 'default', 'Outer', 'outer', '', 1), ('inner', 'default', 'Inner', 'inner', '', 1)");
    db.execute("insert into group_group values ('outer', 'inner')");
    db.execute(
        "insert into group_person values ('outer', 'eve'), ('inner', 'tom'), ('inner', 'eve'), ('inner', "
        "'bob')");
    return {};
  }));
  const auto audience = open_audience(*database);
  EXPECT_THAT(ids(audience->administrators(10)), ElementsAre("ada"));
  EXPECT_THAT(ids(audience->members("outer", 10)), ElementsAre("eve", "tom"));
  EXPECT_THAT(ids(audience->members("inner", 1)), ElementsAre("eve"));
  EXPECT_THAT(ids(audience->person("bob")), IsEmpty()) << "shut out";
  const auto found = audience->person("ada");
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().email, "ada@example.org");
  EXPECT_EQ(found->front().language, "fr");
}

}  // namespace
}  // namespace bastide::storage
