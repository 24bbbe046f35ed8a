#include "storage/key_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
namespace fs = std::filesystem;

TEST(KeyFile, IsMadeOnceAndKept) {
  Scratch scratch;
  auto path = scratch / "keys/master.key";
  auto key = open_key_file(path);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->size(), 32U);
  EXPECT_EQ(open_key_file(path).value(), *key);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch / "keys"), {}), 1);
}

TEST(KeyFile, ThreadsThatRaceGetTheSameOne) {
  Scratch scratch;
  std::array<std::string, 8> got;
  std::vector<std::thread> threads;
  for (auto& into : got)
    threads.emplace_back([&] { into = open_key_file(scratch / "keys/master.key").value(); });
  for (auto& thread : threads) thread.join();
  for (const auto& key : got) EXPECT_EQ(key, got[0]);
}

TEST(KeyFile, OneThatOthersMayReadOrThatIsCutIsRefused) {
  Scratch scratch;
  auto path = scratch / "master.key";
  ASSERT_TRUE(open_key_file(path));
  fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(open_key_file(path).error().detail, "key_not_private");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::resize_file(path, 16);
  EXPECT_EQ(open_key_file(path).error().detail, "key_damaged");
}
}  // namespace
}  // namespace bastide::storage
