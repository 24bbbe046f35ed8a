#include "storage/sqlite/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <thread>

#include "storage/sqlite/error.h"
#include "storage/sqlite/open.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
constexpr Migration notes{1, "notes",
                          "create table note (id integer primary key, text text not null unique) strict"};

std::unique_ptr<Database> open_notes(const std::string& path) {
  OpenOptions options;
  options.migrations = std::span(&notes, 1);
  auto opened = open_database(path, options);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? std::move(*opened) : nullptr;
}

Result<void> add(Database& database, std::string_view text, Durability durability = Durability::flushed) {
  return database.write(
      [&](Connection& c) { c.prepare("insert into note (text) values (?)").bind_all(text).run(); },
      durability);
}

std::int64_t count(Database& database) {
  auto counted = database.read([](Connection& c) {
    auto query = c.prepare("select count(*) from note");
    query.step();
    return query.integer(0);
  });
  EXPECT_TRUE(counted) << counted.error().message;
  return counted.value_or(-1);
}

TEST(Database, KeepsWhatWasWritten) {
  Scratch scratch;
  {
    auto database = open_notes(scratch / "a.db");
    ASSERT_TRUE(add(*database, "one"));
    ASSERT_TRUE(add(*database, "two", Durability::buffered));
    EXPECT_EQ(count(*database), 2);
  }
  auto again = open_notes(scratch / "a.db");
  EXPECT_EQ(count(*again), 2);
}

TEST(Database, ValuesComeBackAsTheyWere) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  std::string zeros("a\0b", 3);
  auto done = database->read([&](Connection& c) {
    auto query = c.prepare("select ?, ?, ?, ?, ?, ?");
    query.bind(1, std::string_view())
        .bind_blob(2, zeros)
        .bind(3, 1.5)
        .bind(4, std::int64_t{1} << 40)
        .bind(5, true);
    query.bind(6, std::optional<std::string_view>());
    EXPECT_TRUE(query.step());
    EXPECT_FALSE(query.is_null(0));
    EXPECT_EQ(query.text(0), "");
    EXPECT_EQ(query.view(1), zeros);
    EXPECT_EQ(query.real(2), 1.5);
    EXPECT_EQ(query.integer(3), std::int64_t{1} << 40);
    EXPECT_EQ(query.integer(4), 1);
    EXPECT_TRUE(query.is_null(5));
    EXPECT_FALSE(query.step());
  });
  EXPECT_TRUE(done);
}

TEST(Database, TheSameTextMayRunTwiceAtOnce) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  auto sum = database->read([](Connection& c) {
    std::int64_t out = 0;
    auto outer = c.prepare("select value from json_each('[1,2,3]')");
    while (outer.step()) {
      auto inner = c.prepare("select value from json_each('[1,2,3]')");
      while (inner.step()) out += outer.integer(0) * inner.integer(0);
    }
    return out;
  });
  EXPECT_EQ(sum.value(), 36);
}

TEST(Database, TheCacheOfStatementsIsBounded) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  auto used = database->read([](Connection& c) {
    int now = 0;
    int high = 0;
    for (int i = 0; i < 2000; ++i) c.prepare("select " + std::to_string(i)).run();
    sqlite3_db_status(c.handle(), SQLITE_DBSTATUS_STMT_USED, &now, &high, 0);
    return now;
  });
  EXPECT_LT(used.value(), 1 << 20);
}

TEST(Database, AnErrorRollsBackItsOwnBodyOnly) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  std::atomic<int> fine = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        auto name = std::to_string(t) + "-" + std::to_string(i);
        auto done = database->write([&](Connection& c) -> Result<int> {
          c.prepare("insert into note (text) values (?)").bind_all(name).run();
          if (i % 3 == 0) return fail(Code::forbidden, "Not this one.");
          if (i % 3 == 1) c.prepare("insert into note (text) values (?)").bind_all(name).run();  // not unique
          return 1;
        });
        if (done)
          ++fine;
        else
          ++refused;
        if (i % 3 == 0) EXPECT_EQ(done.error().code, Code::forbidden);
        if (i % 3 == 1) EXPECT_EQ(done.error().code, Code::conflict);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(fine, 8 * 6);
  EXPECT_EQ(count(*database), fine);
}

// The writer is held until the queue is full, which the one who finds no place in it tells.
TEST(Database, WritesThatWaitAreCommittedTogether) {
  Scratch scratch;
  constexpr int queued = 20;
  OpenOptions options;
  options.migrations = std::span(&notes, 1);
  options.writer.queue_max = queued;
  auto database = std::move(open_database(scratch / "a.db", options).value());
  std::atomic<int> commits = 0;
  ASSERT_TRUE(database->write([&](Connection& c) {
    sqlite3_commit_hook(
        c.handle(),
        [](void* counter) {
          ++*static_cast<std::atomic<int>*>(counter);
          return 0;
        },
        &commits);
  }));
  commits = 0;
  std::atomic<bool> held = false;
  std::atomic<bool> full = false;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    EXPECT_TRUE(database->write([&](Connection&) {
      held = true;
      while (!full) std::this_thread::yield();
    }));
  });
  while (!held) std::this_thread::yield();
  for (int i = 0; i <= queued; ++i)
    threads.emplace_back([&, i] {
      auto added = add(*database, std::to_string(i));
      if (added) return;
      EXPECT_EQ(added.error().code, Code::overloaded);
      EXPECT_FALSE(full.exchange(true));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count(*database), queued);
  EXPECT_LE(commits, 2);
}

TEST(Database, AReaderSeesOneSnapshot) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  ASSERT_TRUE(add(*database, "one"));
  auto done = database->read([&](Connection& c) {
    auto before = c.prepare("select count(*) from note");
    before.step();
    EXPECT_EQ(before.integer(0), 1);
    EXPECT_TRUE(add(*database, "two"));
    auto after = c.prepare("select count(*) from note where id > 0");
    after.step();
    EXPECT_EQ(after.integer(0), 1);
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(count(*database), 2);
}

TEST(Database, AReaderCannotWrite) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  auto done = database->read([](Connection& c) { c.execute("insert into note (text) values ('x')"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(count(*database), 0);
}

TEST(Database, ABugInABodyReachesItsCallerAndNobodyElse) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  EXPECT_THROW((void)database->write([](Connection& c) {
    c.execute("insert into note (text) values ('half')");
    throw std::out_of_range("a bug");
  }),
               std::out_of_range);
  EXPECT_THROW((void)database->read([](Connection&) { throw std::out_of_range("a bug"); }),
               std::out_of_range);
  EXPECT_THROW((void)database->write([&](Connection&) { (void)add(*database, "nested"); }), std::logic_error);
  EXPECT_TRUE(add(*database, "whole"));
  EXPECT_EQ(count(*database), 1);
}

TEST(Database, AFullDatabaseAcknowledgesNothingAndRecovers) {
  Scratch scratch;
  auto database = open_notes(scratch / "a.db");
  ASSERT_TRUE(database->write([](Connection& c) { c.execute("pragma max_page_count = 40"); }));
  std::string large(3000, 'x');
  int kept = 0;
  Result<void> last;
  for (int i = 0; i < 200 && last; ++i) {
    last = add(*database, large + std::to_string(i));
    kept += last ? 1 : 0;
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Code::storage_full);
  EXPECT_FALSE(last.error().action.empty());
  EXPECT_EQ(count(*database), kept);
  ASSERT_TRUE(database->write([](Connection& c) { c.execute("pragma max_page_count = 100000"); }));
  EXPECT_TRUE(add(*database, "room again"));
}

TEST(Database, TwoProcessesWriteBesideEachOther) {
  Scratch scratch;
  auto one = open_notes(scratch / "a.db");
  auto two = open_notes(scratch / "a.db");  // another connection behaves as another process does
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(add(*two, "two-" + std::to_string(i), Durability::buffered));
  });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(add(*one, "one-" + std::to_string(i), Durability::buffered));
  other.join();
  EXPECT_EQ(count(*one), 200);
  EXPECT_EQ(count(*two), 200);
}

TEST(Database, TheWalIsCopiedBackWhileItGrows) {
  Scratch scratch;
  OpenOptions options;
  options.migrations = std::span(&notes, 1);
  options.writer.checkpoint_pages = 50;
  auto database = open_database(scratch / "a.db", options);
  std::string large(3000, 'x');
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(add(**database, large + std::to_string(i), Durability::buffered));
  EXPECT_LT(std::filesystem::file_size(scratch / "a.db-wal"), 900'000U);
  EXPECT_EQ(count(**database), 150);
}

TEST(Database, AFileThatIsNoDatabaseIsAClearError) {
  Scratch scratch;
  {
    auto* file = std::fopen((scratch / "a.db").c_str(), "w");
    std::fputs(std::string(8192, 'x').c_str(), file);
    std::fclose(file);
  }
  auto opened = Database::open(scratch / "a.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::corrupt);
  auto nowhere = Database::open(scratch / "missing/folder/a.db");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Code::unavailable);
}

}  // namespace
}  // namespace bastide::storage
