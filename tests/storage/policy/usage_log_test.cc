#include "storage/policy/usage_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "base/crypto.h"
#include "storage/policy/usage_reports.h"
#include "tests/storage/child.h"

namespace bastide::storage {
namespace {

policy::UsageRow row(SqliteUsageLog& into, const std::string& exchange, std::int64_t nano_money) {
  policy::UsageRow out;
  out.at_ms = now_ms();
  out.set_exchange(exchange);
  out.person = into.word("per_ada");
  out.groups = into.word("grp_a grp_b");
  out.model = into.word("fast");
  out.input = 10;
  out.output = 5;
  out.nano_money = nano_money;
  out.micro_wh_high = 7;
  out.status = 200;
  return out;
}

class UsageLogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("bastide_usage_" + hex(random_bytes(6)));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override {
    close();
    std::filesystem::remove_all(folder);
  }
  void close() {
    log.reset();
    database.reset();
  }
  void open(UsageOptions options = {}) {
    close();
    database = std::move(*Database::open((folder / "bastide.db").string()));
    auto opened = SqliteUsageLog::open(usage(), *database, options);
    ASSERT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
  }
  [[nodiscard]] std::string usage() const { return (folder / "usage").string(); }
  std::map<std::string, policy::Amounts> spent() {
    std::map<std::string, policy::Amounts> out;
    for (const auto& each : *log->spent(now_ms())) out[each.scope] = each.opening[0];
    return out;
  }
  [[nodiscard]] std::multiset<std::string> exchanges() const {
    std::multiset<std::string> out;
    for (const auto& name : *usage_segment::list(usage()))
      (void)usage_segment::scan(usage() + "/" + name, [&](const policy::UsageRow& each, std::uint64_t) {
        out.emplace(each.exchange_id());
      });
    return out;
  }

  std::filesystem::path folder;
  std::unique_ptr<Database> database;
  std::unique_ptr<SqliteUsageLog> log;
};

TEST_F(UsageLogTest, CountsEveryScopeAcrossRestarts) {
  open();
  auto* writer = &log->writer();
  ASSERT_TRUE(writer->append(row(*log, "e1", 100)));
  ASSERT_TRUE(writer->append(row(*log, "e2", 50)));
  EXPECT_EQ(spent()["person:per_ada"], (policy::Amounts{150, 30, 2, 14}));
  open();
  EXPECT_FALSE(log->gap().unclean);
  for (const auto* scope : {"person:per_ada", "group:grp_a", "group:grp_b", "model:fast", "organisation"})
    EXPECT_EQ(spent()[scope], (policy::Amounts{150, 30, 2, 14})) << scope;
  ASSERT_TRUE(log->writer().append(row(*log, "e3", 1)));
  EXPECT_EQ(spent()["organisation"].nano_money, 151);
  EXPECT_EQ(exchanges(), (std::multiset<std::string>{"e1", "e2", "e3"}));
}

TEST_F(UsageLogTest, ARefusedCallIsARequestButNoBudgetsBusiness) {
  open();
  auto refused = row(*log, "e1", 0);
  refused.model = 0;
  refused.input = refused.output = 0;
  refused.status = 429;
  ASSERT_TRUE(log->writer().append(refused));
  EXPECT_EQ(spent()["person:per_ada"].requests, 0);
  SqliteUsageReports reports(*database);
  const auto days = reports.days("person:per_ada", {"2000-01-01", "2999-12-31"}, 10);
  ASSERT_EQ(days->size(), 1U);
  EXPECT_EQ(days->front().sum.requests, 1);
  EXPECT_EQ(days->front().sum.errors, 1);
}

TEST_F(UsageLogTest, RowsThatWaitedInMemoryAreFoundAfterAKill) {
  open();
  close();
  {
    Child child([&](int out) {
      auto opened = Database::open((folder / "bastide.db").string());
      auto mine = SqliteUsageLog::open(usage(), **opened, {.fetch_every = std::chrono::hours(1)});
      auto& writer = (*mine)->writer();
      for (int i = 0; i < 100; ++i) writer.append(row(**mine, "e" + std::to_string(i), 1));
      (void)!::write(out, "!", 1);
      ::pause();
      return 0;
    });
    ASSERT_EQ(child.read(1), "!");
    child.kill();
    EXPECT_EQ(child.wait(), -1);
  }
  open();
  EXPECT_TRUE(log->gap().unclean);
  EXPECT_EQ(log->gap().recovered, 100U);
  EXPECT_EQ(log->gap().lost, 0U);
  EXPECT_EQ(spent()["organisation"].nano_money, 100);
  SqliteUsageReports reports(*database);
  EXPECT_EQ(reports.gaps(10)->size(), 1U);
  open();
  EXPECT_FALSE(log->gap().unclean);
  EXPECT_EQ(spent()["organisation"].nano_money, 100);
  EXPECT_EQ(exchanges().size(), 100U);
}

constexpr int load_threads = 4;

/// Writes as fast as it may until it is killed, and tells after each row which it was.
int write_for_ever(const std::filesystem::path& folder, int round, int out) {
  auto database = Database::open((folder / "bastide.db").string());
  auto log = SqliteUsageLog::open((folder / "usage").string(), **database,
                                  {.fetch_every = Millis(3),
                                   .flush_every = Millis(10),
                                   .sum_every = Millis(7),
                                   .segment_bytes_max = 100'000});
  if (!log) return 1;
  std::vector<std::thread> threads;
  for (int t = 0; t < load_threads; ++t)
    threads.emplace_back([&, t] {
      auto& writer = (*log)->writer();
      auto each = row(**log, "", 1);
      for (std::uint64_t i = 0;; ++i) {
        each.set_exchange(fmt::format("{}-{}-{}", round, t, i));
        while (!writer.append(each)) std::this_thread::sleep_for(Millis(1));
        const std::uint64_t told = static_cast<std::uint64_t>(t) << 32 | i;
        if (::write(out, &told, sizeof(told)) != sizeof(told)) ::_exit(1);
        if (i % 64 == 0) std::this_thread::sleep_for(Millis(1));
      }
    });
  for (auto& thread : threads) thread.join();
  return 0;
}

// The process is killed at some moment between fetches, flushes, sums and new segments.
TEST_F(UsageLogTest, EveryRowOnceAfterKillsUnderLoad) {
  open();
  close();
  constexpr int kills = 4;
  for (int round = 0; round < kills; ++round) {
    std::string told;
    {
      Child child([&](int out) { return write_for_ever(folder, round, out); });
      constexpr std::size_t rows_before_kill = 3000;
      told = child.read((rows_before_kill + static_cast<std::size_t>(round) * 777) * sizeof(std::uint64_t));
      child.kill();
      told += child.read(SIZE_MAX);
      ASSERT_EQ(child.wait(), -1);
    }
    std::array<std::uint64_t, load_threads> written{};
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= told.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t each = 0;
      std::memcpy(&each, told.data() + at, sizeof(each));
      written.at(each >> 32) = std::max(written.at(each >> 32), (each & 0xffffffffU) + 1);
    }
    open();
    EXPECT_TRUE(log->gap().unclean);
    EXPECT_EQ(log->gap().lost, 0U);
    const auto all = exchanges();
    for (std::size_t t = 0; t < load_threads; ++t)
      for (std::uint64_t i = 0; i < written[t]; ++i)
        ASSERT_TRUE(all.contains(fmt::format("{}-{}-{}", round, t, i))) << i << " of " << written[t];
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size()) << "none twice";
    EXPECT_EQ(spent()["organisation"].nano_money, static_cast<std::int64_t>(all.size()))
        << "what is spent is what the rows say";
    close();
  }
}

TEST_F(UsageLogTest, ATornEndIsCutAndDamageIsCounted) {
  open();
  auto& writer = log->writer();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(writer.append(row(*log, "e" + std::to_string(i), 1)));
  ASSERT_TRUE(log->flush());
  const auto segment = usage() + "/" + usage_segment::list(usage())->front();
  log.reset();
  // The folder as a power cut would leave it: half a row at the end, one damaged in the middle, nothing
  // summed.
  ASSERT_TRUE(database->write([](Connection& connection) {
    connection.execute("delete from usage_segment; delete from usage_day;");
  }));
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(3 * sizeof(policy::UsageRow) + 100));
    file.put('!');
    file.seekp(0, std::ios::end);
    file << std::string(50, 'x');
  }
  open();
  EXPECT_EQ(log->gap().lost, 1U);
  EXPECT_EQ(spent()["organisation"].nano_money, 4);
  EXPECT_EQ(std::filesystem::file_size(segment), 6 * sizeof(policy::UsageRow));
}

TEST_F(UsageLogTest, AProcessBesideHasSegmentsOfItsOwn) {
  open();
  auto other = std::move(*SqliteUsageLog::open(usage(), *database));
  EXPECT_FALSE(other->gap().unclean);
  ASSERT_TRUE(log->writer().append(row(*log, "e1", 1)));
  ASSERT_TRUE(other->writer().append(row(*other, "e2", 1)));
  ASSERT_TRUE(log->flush());
  ASSERT_TRUE(other->flush());
  EXPECT_EQ(usage_segment::list(usage())->size(), 2U);
  EXPECT_EQ(log->words().text(other->word("made by the other")), "made by the other");
  EXPECT_EQ(log->word("made by the other"), other->word("made by the other"));
  EXPECT_EQ(spent()["organisation"].nano_money, 2);
}

TEST_F(UsageLogTest, IsFullBeforeItRefuses) {
  open({.fetch_every = std::chrono::hours(1)});
  auto& writer = log->writer();
  const auto each = row(*log, "e", 1);
  std::size_t written = 0;
  bool told = false;
  while (writer.append(each)) {
    ++written;
    told = told || log->full();
  }
  EXPECT_EQ(written, UsageRings::capacity);
  EXPECT_TRUE(told);
  EXPECT_EQ(log->refused(), 1U);
  EXPECT_EQ(spent()["organisation"].nano_money, static_cast<std::int64_t>(written));
  EXPECT_TRUE(writer.append(each));
}

TEST_F(UsageLogTest, OldRowsGoTheirSumsStay) {
  open();
  ASSERT_TRUE(log->writer().append(row(*log, "e1", 1)));
  ASSERT_TRUE(log->flush());
  log.reset();
  const auto name = usage_segment::list(usage())->front();
  std::filesystem::rename(usage() + "/" + name, usage() + "/2020-01-01.0");
  ASSERT_TRUE(database->write(
      [](Connection& connection) { connection.execute("update usage_segment set name = '2020-01-01.0'"); }));
  open();
  EXPECT_TRUE(exchanges().empty());
  EXPECT_EQ(spent()["organisation"].nano_money, 1);
}

TEST_F(UsageLogTest, WarningsAreKeptOnceAPeriod) {
  open();
  SqliteUsageReports reports(*database);
  const policy::Warning warning{
      "person:per_ada", {{policy::Unit::money, policy::Period::month, 10}, 8, 0}, 1000};
  EXPECT_EQ(reports.keep({warning}, 5)->size(), 1U);
  EXPECT_TRUE(reports.keep({warning}, 6)->empty());
  auto next = warning;
  next.period_begin = 2000;
  EXPECT_EQ(reports.keep({warning, next}, 7)->size(), 1U);
  const auto kept = reports.warnings({"person:per_ada"}, 10);
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ(kept->front().begins_at, 2000);
  EXPECT_EQ(kept->front().budget.period, policy::Period::month);
  EXPECT_EQ(reports.warnings({}, 10)->size(), 2U);
  EXPECT_TRUE(reports.warnings({"person:per_bob"}, 10)->empty());
}

}  // namespace
}  // namespace bastide::storage
