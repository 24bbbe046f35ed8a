// kill -9 in the middle of ingestion: what was acknowledged is there, work goes on, nothing twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/storage/knowledge/fixture.h"

namespace bastide::knowledge {
namespace {
using test::House;

constexpr int documents = 12;

std::string text_of(int i) {
  std::string text;
  for (int p = 0; p < 30; ++p) {
    text += "Article " + std::to_string(p) + " du document " + std::to_string(i) + ". ";
    for (int w = 0; w < 60; ++w) text += "mot" + std::to_string((i * 7 + p * 3 + w) % 97) + " ";
    text += "\n\n";
  }
  return text;
}

/// In the child: uploads, tells each acknowledged one, works until it is killed.
[[noreturn]] void ingest(const std::string& folder, int acknowledge) {
  House house(folder);
  house.before_parse = [](const auto&) { std::this_thread::sleep_for(Millis(10)); };
  const auto ana = House::person("ana");
  const auto collection = house.collection(ana, "RH");
  house.library->start_workers();
  for (int i = 0; i < documents; ++i) {
    const auto added = house.upload(ana, collection, "d" + std::to_string(i) + ".txt", text_of(i));
    const auto line = added ? added->id + "\n" : "\n";
    if (::write(acknowledge, line.data(), line.size()) < 0) break;
  }
  for (;;) std::this_thread::sleep_for(Millis(1000));
}

TEST(Crash, AcknowledgedUploadsAreFinishedByTheNextProcess) {
  for (int delay_ms : {5, 40, 90, 160}) {
    test::Folder folder;
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      ingest(folder.path, pipe[1]);
    }
    ::close(pipe[1]);
    // The first upload is acknowledged before the clock starts, whatever else the machine does.
    std::string told;
    char buffer[4096];
    auto got = ::read(pipe[0], buffer, sizeof buffer);
    if (got > 0) told.append(buffer, static_cast<std::size_t>(got));
    std::this_thread::sleep_for(Millis(delay_ms));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    while ((got = ::read(pipe[0], buffer, sizeof buffer)) > 0)
      told.append(buffer, static_cast<std::size_t>(got));
    ::close(pipe[0]);

    House house(folder.path);
    const auto ana = House::person("ana");
    const auto collection = house.library->find_collection(ana, "RH")->id;
    house.library->start_workers();
    house.settle(ana, collection);
    const auto list = house.library->documents(ana, collection, {.q = {}, .after = {}, .limit = 100})->items;
    const auto acknowledged = std::ranges::count(told, '\n');
    EXPECT_GE(static_cast<std::int64_t>(list.size()), acknowledged);
    std::int64_t chunks = 0;
    for (const auto& document : list) {
      EXPECT_EQ(document.state, DocumentState::ready);
      chunks += document.chunks;
    }
    const auto counted = house.database->read([](storage::Connection& c) {
      auto query = c.prepare(
          "select (select count(*) from knowledge_passage), (select coalesce(sum(count), 0) from "
          "knowledge_lexical),"
          " (select coalesce(sum(count), 0) from knowledge_vector), (select count(*) from knowledge_job)");
      query.step();
      return std::vector{query.integer(0), query.integer(1), query.integer(2), query.integer(3)};
    });
    ASSERT_TRUE(counted);
    EXPECT_THAT(*counted, testing::ElementsAre(chunks, chunks, chunks, 0)) << "each once, nothing left to do";
  }
}

}  // namespace
}  // namespace bastide::knowledge
