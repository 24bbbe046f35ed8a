#include "models/local/slot.h"

#include <gtest/gtest.h>

namespace bastide::models::local {
namespace {

CacheScope scope(const char* person, const char* rights, std::size_t instructions = 0) {
  return {person, rights, instructions};
}

TEST(Sharing, OnesOwnIsUsedToTheLastToken) {
  EXPECT_EQ(shareable(scope("a", "r"), scope("a", "r"), 777), 777U);
  EXPECT_EQ(shareable(scope("a", "r"), scope("a", "other"), 777), 777U);
}

TEST(Sharing, OthersOfTheSameRightsGetWholeBlocks) {
  EXPECT_EQ(shareable(scope("a", "r"), scope("b", "r"), 777), 768U);
  EXPECT_EQ(shareable(scope("a", "r"), scope("b", "r"), 255), 0U);
}

TEST(Sharing, UsersOfAProgramShareAsPeopleDo) {
  auto for_one = scope("a", "r", 300), for_other = for_one;
  for_one.end_user = "one";
  for_other.end_user = "other";
  EXPECT_EQ(shareable(for_one, for_one, 777), 777U);
  EXPECT_EQ(shareable(for_one, for_other, 777), 768U);
  EXPECT_EQ(shareable(for_one, for_other, 400), 300U);
}

TEST(Sharing, NothingIsSharedBetweenOrganisations) {
  auto other = scope("b", "s", 300);
  other.organisation = "elsewhere";
  EXPECT_EQ(shareable(scope("a", "r", 300), other, 777), 0U);
}

TEST(Sharing, OthersGetInstructionsAsAWholeAndNothingElse) {
  EXPECT_EQ(shareable(scope("a", "r", 300), scope("b", "s", 300), 777), 300U);
  EXPECT_EQ(shareable(scope("a", "r", 300), scope("b", "s", 300), 299), 256U)
      << "they part in the last words";
  EXPECT_EQ(shareable(scope("a", "r", 0), scope("b", "s", 0), 4000), 0U);
  EXPECT_EQ(shareable(scope("a", "r", 300), scope("b", "s", 900), 800), 300U);
}

TEST(Sharing, NothingIsSharedBetweenAdapters) {
  auto with = scope("a", "r", 300);
  with.adapters = "formal*1 ";
  EXPECT_EQ(shareable(with, scope("a", "r", 300), 777), 0U);
  EXPECT_EQ(shareable(scope("a", "r", 300), with, 777), 0U);
  EXPECT_EQ(shareable(with, with, 777), 777U);
}

}  // namespace
}  // namespace bastide::models::local
