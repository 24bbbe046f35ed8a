#include "storage/policy/ledger.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "base/crypto.h"

namespace bastide::storage {
namespace {

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("bastide_ledger_" + hex(random_bytes(6)));
    std::filesystem::create_directories(folder);
    database = std::move(*Database::open((folder / "bastide.db").string()));
  }
  void TearDown() override {
    database.reset();
    std::filesystem::remove_all(folder);
  }
  std::map<std::string, double> spent(const std::string& month = "2026-11") {
    std::map<std::string, double> out;
    SqliteLedger reader(*database);
    for (const auto& each : *reader.load(month)) out[each.scope] = each.amount;
    return out;
  }
  static policy::Spend spend(std::string exchange, double amount, std::string month = "2026-11") {
    return {std::move(exchange), std::move(month), {"person:ada", "group:g"}, amount};
  }

  std::filesystem::path folder;
  std::unique_ptr<Database> database;
};

TEST_F(LedgerTest, KeepsWhatWasAddedAcrossRestarts) {
  {
    SqliteLedger ledger(*database);
    ledger.add(spend("e1", 1.5));
    ledger.add(spend("e2", 0.5));
    ledger.add(spend("e3", 7, "2026-12"));
  }
  EXPECT_DOUBLE_EQ(spent()["person:ada"], 2.0);
  EXPECT_DOUBLE_EQ(spent()["group:g"], 2.0);
  EXPECT_DOUBLE_EQ(spent("2026-12")["person:ada"], 7.0);
}

TEST_F(LedgerTest, CountsAnExchangeOnce) {
  SqliteLedger ledger(*database);
  ledger.add(spend("e1", 1));
  ledger.add(spend("e1", 1));
  ASSERT_TRUE(ledger.flush());
  ledger.add(spend("e1", 1));
  ASSERT_TRUE(ledger.flush());
  EXPECT_DOUBLE_EQ(spent()["person:ada"], 1.0);
}

TEST_F(LedgerTest, IsStoredByTheTransactionOfTheReceipt) {
  SqliteLedger ledger(*database);
  ledger.add(spend("e1", 1));
  ASSERT_TRUE(database->write([&](Connection& connection) { ledger.store_with(connection, "e1"); }));
  EXPECT_DOUBLE_EQ(spent()["person:ada"], 1.0);
  ledger.stored("e1");
  ASSERT_TRUE(ledger.flush());
  EXPECT_DOUBLE_EQ(spent()["person:ada"], 1.0);
}

TEST_F(LedgerTest, SurvivesARollBackOfThatTransaction) {
  SqliteLedger ledger(*database);
  ledger.add(spend("e1", 1));
  const auto failed = database->write([&](Connection& connection) -> Result<void> {
    ledger.store_with(connection, "e1");
    return fail(Code::conflict, "no");
  });
  EXPECT_FALSE(failed);
  ASSERT_TRUE(ledger.flush());
  EXPECT_DOUBLE_EQ(spent()["person:ada"], 1.0);
}

TEST_F(LedgerTest, ManyThreadsLoseNothing) {
  {
    SqliteLedger ledger(*database);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const auto id = std::to_string(t) + "-" + std::to_string(i);
          ledger.add(spend(id, 0.25));
          if (i % 10 != 0) continue;
          ASSERT_TRUE(database->write([&](Connection& connection) { ledger.store_with(connection, id); },
                                      Durability::buffered));
          ledger.stored(id);
        }
      });
    for (auto& thread : threads) thread.join();
  }
  EXPECT_DOUBLE_EQ(spent()["person:ada"], 50.0);
}

}  // namespace
}  // namespace bastide::storage
