#include "storage/migrations.h"

#include <gtest/gtest.h>

#include <thread>

#include "storage/sqlite/open.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
constexpr Migration one{1, "one", "create table a (x integer) strict; insert into a values (1);"};
constexpr Migration two{2, "two", "create table b (x integer) strict;"};
constexpr Migration two_changed{2, "two", "create table b (x text) strict;"};
constexpr Migration five{5, "five", "insert into a values (5);"};
constexpr Migration broken{6, "broken", "insert into a values (6); insert into nowhere values (1);"};

Result<std::unique_ptr<Database>> open(const std::string& path, const std::vector<Migration>& known) {
  OpenOptions options;
  options.migrations = known;
  return open_database(path, options);
}
std::int64_t sum(Database& database) {
  return database
      .read([](Connection& c) {
        auto query = c.prepare("select sum(x) from a");
        query.step();
        return query.integer(0);
      })
      .value();
}

TEST(Migrations, AreAppliedOnceInOrder) {
  Scratch scratch;
  ASSERT_TRUE(open(scratch / "a.db", {one}));
  ASSERT_TRUE(open(scratch / "a.db", {one, five}));
  auto database = open(scratch / "a.db", {one, two, five});  // a gap that is filled later
  ASSERT_TRUE(database);
  EXPECT_EQ(sum(**database), 6);
}

TEST(Migrations, ANewerSchemaIsRefused) {
  Scratch scratch;
  ASSERT_TRUE(open(scratch / "a.db", {one, two}));
  auto older = open(scratch / "a.db", {one});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().detail, "schema_newer");
  EXPECT_NE(older.error().message.find("0002_two"), std::string::npos);
  EXPECT_FALSE(older.error().action.empty());
}

TEST(Migrations, AMissingOrChangedOneIsRefused) {
  Scratch scratch;
  ASSERT_TRUE(open(scratch / "a.db", {one, two, five}));
  EXPECT_EQ(open(scratch / "a.db", {one, five}).error().detail, "schema_missing");
  EXPECT_EQ(open(scratch / "a.db", {one, two_changed, five}).error().detail, "schema_changed");
  EXPECT_TRUE(open(scratch / "a.db", {one, two, five}));
}

TEST(Migrations, OneThatFailsLeavesNothing) {
  Scratch scratch;
  auto failed = open(scratch / "a.db", {one, broken});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("0006_broken"), std::string::npos);
  auto database = open(scratch / "a.db", {one});
  ASSERT_TRUE(database);
  EXPECT_EQ(sum(**database), 1);
}

TEST(Migrations, TwoProcessesThatStartAtOnceApplyThemOnce) {
  Scratch scratch;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      auto database = open(scratch / "a.db", {one, two, five});
      EXPECT_TRUE(database) << database.error().message;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum(**open(scratch / "a.db", {one, two, five})), 6);
}

TEST(Migrations, ThoseOfTheProgramApply) {
  Scratch scratch;
  ASSERT_FALSE(embedded_migrations().empty());
  for (std::size_t i = 1; i < embedded_migrations().size(); ++i)
    EXPECT_LT(embedded_migrations()[i - 1].number, embedded_migrations()[i].number);
  auto database = Database::open(scratch / "a.db");
  ASSERT_TRUE(database) << database.error().message;
}
}  // namespace
}  // namespace bastide::storage
