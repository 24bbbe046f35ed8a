// kill -9, full disks, and what must be there afterwards.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <random>
#include <set>
#include <thread>

#include "base/crypto.h"
#include "base/text.h"
#include "storage/blobs.h"
#include "storage/sqlite/open.h"
#include "tests/storage/child.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
constexpr Migration notes{1, "notes",
                          "create table note (id integer primary key, text text not null unique) strict"};

std::unique_ptr<Database> open_notes(const std::string& path) {
  OpenOptions options;
  options.migrations = std::span(&notes, 1);
  auto opened = open_database(path, options);
  return opened ? std::move(*opened) : nullptr;
}

Result<void> add(Database& database, const std::string& text, Durability durability) {
  return database.write(
      [&](Connection& c) { c.prepare("insert into note (text) values (?)").bind_all(text).run(); },
      durability);
}

std::set<std::string> all(Database& database) {
  return database
      .read([](Connection& c) {
        std::set<std::string> out;
        auto query = c.prepare("select text from note");
        while (query.step()) out.insert(query.text(0));
        return out;
      })
      .value();
}

void say(int to, const std::string& line) {
  if (::write(to, line.data(), line.size()) < 0) ::_exit(9);
}

TEST(Faults, WhatWasAcknowledgedSurvivesKill9) {
  std::mt19937 random(7);
  for (int round = 0; round < 3; ++round) {
    Scratch scratch;
    Child child([&](int out) {
      auto database = open_notes(scratch / "a.db");
      auto blobs = open_folder_blobs(scratch / "blobs");
      if (!database || !blobs) return 1;
      std::vector<std::thread> threads;
      for (int t = 0; t < 3; ++t)
        threads.emplace_back([&, t] {
          for (int i = 0; i < 100'000; ++i) {
            auto text = std::to_string(t) + "-" + std::to_string(i) + std::string(200, 'x');
            if (t == 2) {
              auto name = (*blobs)->put(text);
              if (!name) ::_exit(2);
              say(out, "blob " + *name + "\n");
            }
            if (!add(*database, text, t == 0 ? Durability::flushed : Durability::buffered)) ::_exit(3);
            say(out, "note " + text + "\n");
          }
        });
      for (auto& thread : threads) thread.join();
      return 0;
    });
    auto acknowledged = child.read(20'000 + random() % 40'000);
    child.kill();
    acknowledged += child.read(SIZE_MAX);
    EXPECT_EQ(child.wait(), -1);

    auto database = open_notes(scratch / "a.db");
    ASSERT_TRUE(database);
    auto there = all(*database);
    auto blobs = std::move(open_folder_blobs(scratch / "blobs").value());
    int seen = 0;
    acknowledged.resize(acknowledged.rfind('\n') + 1);
    for (auto line : split(acknowledged, '\n')) {
      if (line.starts_with("note ")) {
        EXPECT_TRUE(there.contains(std::string(line.substr(5)))) << line;
        ++seen;
      } else if (line.starts_with("blob ")) {
        auto bytes = blobs->get(line.substr(5), 4096);
        ASSERT_TRUE(bytes) << line;
        EXPECT_EQ(sha256_hex(*bytes), line.substr(5));
      }
    }
    EXPECT_GT(seen, 20);
  }
}

/// Fills `folder` until it is full; 0 when all went as it must.
int fill(const std::string& folder) {
  auto database = open_notes(folder + "/a.db");
  auto blobs = open_folder_blobs(folder + "/blobs");
  if (!database || !blobs) return 10;
  std::set<std::string> acknowledged;
  Result<void> last;
  for (int i = 0; i < 4000 && last; ++i) {
    auto text = std::to_string(i) + std::string(4000, 'x');
    last = add(*database, text, i % 2 == 0 ? Durability::flushed : Durability::buffered);
    if (last) acknowledged.insert(text);
  }
  if (last || last.error().code != Code::storage_full || last.error().action.empty()) {
    if (!last) std::fputs((last.error().detail + ": " + last.error().message + "\n").c_str(), stderr);
    return 11;
  }
  if (all(*database) != acknowledged) return 12;
  auto blob = (*blobs)->put(std::string(16 << 20, 'y'));
  if (blob || blob.error().code != Code::storage_full) return 13;
  if (!std::filesystem::is_empty(folder + "/blobs/tmp")) return 14;
  // After a restart, still full, all that was acknowledged can be read.
  database.reset();
  database = open_notes(folder + "/a.db");
  if (!database) return 15;
  return all(*database) == acknowledged ? 0 : 16;
}

TEST(Faults, AFileThatMayNotGrowIsAFullDisk) {
  Scratch scratch;
  Child child([&](int) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{3 << 20, 3 << 20};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    return fill(scratch.path());
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST(Faults, AFullDisk) {
  Scratch scratch;
  auto folder = scratch / "small";
  std::filesystem::create_directory(folder);
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4m") != 0)
    GTEST_SKIP() << "no right to mount a small disk";
  Child child([&](int) { return fill(folder); });
  EXPECT_EQ(child.wait(), 0);
  ::umount2(folder.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace bastide::storage
