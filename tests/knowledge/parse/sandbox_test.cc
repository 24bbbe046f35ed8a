// What the parser process may not do, and how each end is told apart.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <thread>

#include "knowledge/parse/parse.h"
#include "knowledge/parse/probe.h"
#include "tests/knowledge/parse/make.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

namespace bastide::knowledge::parse {
namespace {

using detail::Probe;
using detail::probe;
using test::nursery;

ParseLimits quick(std::chrono::milliseconds wall) {
  ParseLimits limits;
  limits.wall = wall;
  return limits;
}

TEST(Sandbox, ReportsWhatHolds) {
  auto level = sandbox_level(nursery());
  ASSERT_TRUE(level) << level.error().message;
  EXPECT_TRUE(level->system_calls);
  EXPECT_TRUE(level->limits);
  EXPECT_NE(level->text().find("system_calls limits"), std::string::npos);
}

TEST(Sandbox, FilesCannotBeOpened) {
  auto read = probe(Probe::open_file, nursery());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "denied");
  auto write = probe(Probe::write_file, nursery());
  ASSERT_TRUE(write) << write.error().message;
  EXPECT_EQ(*write, "denied");
  EXPECT_FALSE(std::filesystem::exists("/tmp/bastide-probe"));
}

TEST(Sandbox, SocketsProgramsAndProcessesEndIt) {
  for (auto deed : {Probe::socket, Probe::exec, Probe::fork}) {
    auto done = probe(deed, nursery());
    ASSERT_FALSE(done) << *done;
    EXPECT_EQ(done.error().detail, "refused_call");
    EXPECT_FALSE(done.error().action.empty());
  }
}

TEST(Sandbox, TimeIsBounded) {
  auto start = std::chrono::steady_clock::now();
  auto hung = probe(Probe::hang, nursery(), quick(std::chrono::milliseconds(300)));
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, Code::timeout);
  EXPECT_EQ(hung.error().detail, "timeout");
  auto spun = probe(Probe::spin, nursery(), quick(std::chrono::milliseconds(300)));
  ASSERT_FALSE(spun);
  EXPECT_EQ(spun.error().detail, "timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Sandbox, MemoryIsBounded) {
#ifdef UNDER_SANITIZER
  GTEST_SKIP() << "shadow memory";
#endif
  ParseLimits limits = quick(std::chrono::seconds(20));
  limits.memory_bytes_max = 128ULL * 1024 * 1024;
  auto eaten = probe(Probe::allocate, nursery(), limits);
  ASSERT_FALSE(eaten);
  EXPECT_EQ(eaten.error().detail, "out_of_memory");
}

TEST(Sandbox, ACrashIsACleanError) {
  auto crashed = probe(Probe::crash, nursery());
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().detail, "parser_crashed");
}

TEST(Sandbox, StoppingEndsItSoon) {
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  auto start = std::chrono::steady_clock::now();
  auto done = probe(Probe::hang, nursery(), quick(std::chrono::seconds(30)), stop.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  auto at_once = probe(Probe::none, nursery(), {}, stop.get_token());
  ASSERT_FALSE(at_once);
  EXPECT_EQ(at_once.error().code, Code::cancelled);
}

TEST(Sandbox, AMissingFileOrProgramIsSaid) {
  ParseRequest request;
  request.path = "/nowhere/at/all";
  auto gone = parse_file(request, nursery());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::not_found);
  test::TempFile file("text");
  request.path = file.path();
  Nursery nowhere({"/nowhere/program"});
  auto no_program = parse_file(request, nowhere);
  ASSERT_FALSE(no_program);
  EXPECT_EQ(no_program.error().detail, "worker_unavailable");
  Nursery other({"/bin/true"});
  auto other_program = parse_file(request, other);
  ASSERT_FALSE(other_program);
  EXPECT_EQ(other_program.error().detail, "worker_unavailable");
}

// What one file's process has open, and what it leaves behind, is nothing to another's.
TEST(Sandbox, EachFileHasAProcessOfItsOwn) {
  std::stop_source stop;
  std::jthread other(
      [&] { [[maybe_unused]] auto hung = probe(Probe::hang, nursery(), {}, stop.get_token()); });
  auto first = probe(Probe::process, nursery());
  auto second = probe(Probe::process, nursery());
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_NE(*first, std::to_string(nursery().pid()));
  EXPECT_EQ(probe(Probe::descriptors, nursery()).value_or("ended"), "1 2");  // its answer and nowhere
  stop.request_stop();
}

TEST(Sandbox, AfterACrashTheNextFilesGetANewLayoutOfMemory) {
  Nursery own;
  ASSERT_TRUE(probe(Probe::none, own));
  const auto before = own.pid();
  ASSERT_TRUE(probe(Probe::none, own));
  EXPECT_EQ(own.pid(), before);
  EXPECT_FALSE(probe(Probe::crash, own));
  EXPECT_EQ(probe(Probe::none, own), "alive");
  EXPECT_NE(own.pid(), before);
}

TEST(Sandbox, AKilledWarmProcessTakesItsChildrenAlongAndIsStartedAgain) {
  Nursery own;
  ASSERT_TRUE(probe(Probe::none, own));
  std::jthread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    kill(own.pid(), SIGKILL);
  });
  const auto start = std::chrono::steady_clock::now();
  const auto hung = probe(Probe::hang, own, quick(std::chrono::seconds(30)));
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().detail, "worker_unavailable");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(probe(Probe::none, own), "alive");
}

TEST(Sandbox, OutputIsBounded) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "une ligne de texte\n\n";
  test::TempFile file(text);
  ParseRequest request;
  request.path = file.path();
  request.name = "a.txt";
  request.limits.output_bytes_max = 1024 * 1024;
  auto done = parse_file(request, nursery());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail, "too_large");
}

TEST(Sandbox, ManyAtOnce) {
  test::TempFile file("Bonjour tout le monde.");
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      ParseRequest request;
      request.path = file.path();
      request.name = "a.txt";
      auto done = parse_file(request, nursery());
      good += done && whole_text(*done) == "Bonjour tout le monde.";
    });
  threads.clear();
  EXPECT_EQ(good, 8);
}

}  // namespace
}  // namespace bastide::knowledge::parse
