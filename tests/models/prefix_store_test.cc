#include "models/local/prefix_store.h"

#include <gtest/gtest.h>

#include <numeric>

#include "models/local/slot.h"
#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

using test::Scratch;

PrefixStoreOptions options(const Scratch& scratch) {
  PrefixStoreOptions out;
  out.folder = scratch.path("prefixes");
  out.key = std::string(32, 'k');
  out.model = "m";
  out.memory_bytes_max = 1 << 20;
  out.disk_bytes_max = 1 << 20;
  return out;
}

std::vector<Token> tokens(std::size_t blocks, Token last = 0) {
  std::vector<Token> out(blocks * block_tokens);
  std::iota(out.begin(), out.end(), 1);
  out.back() += last;
  return out;
}

std::span<const BlockKey> first(const std::vector<BlockKey>& keys, std::size_t count) {
  return std::span(keys).first(count);
}

TEST(PrefixStore, NamesBlocksByEverythingBeforeThemAndByRights) {
  const Scratch scratch;
  const PrefixStore store(options(scratch));
  const auto keys = store.keys_of(tokens(3), {"p", "r", 0});
  ASSERT_EQ(keys.size(), 3U);
  auto longer = tokens(3);
  longer.push_back(9);
  EXPECT_EQ(store.keys_of(longer, {"other", "r", 0}), keys) << "whole blocks; people of the same rights";
  const auto parted = store.keys_of(tokens(3, 1), {"p", "r", 0});
  EXPECT_EQ(parted[1], keys[1]);
  EXPECT_NE(parted[2], keys[2]);
  EXPECT_NE(store.keys_of(tokens(3), {"p", "s", 0})[0], keys[0]) << "other rights";
  const auto mine = store.keys_of(tokens(3), {"p", "r", 2 * block_tokens});
  const auto yours = store.keys_of(tokens(3), {"q", "s", 2 * block_tokens});
  EXPECT_EQ(mine[1], yours[1]) << "instructions are the organisation's";
  CacheScope elsewhere{"q", "s", 2 * block_tokens};
  elsewhere.organisation = "elsewhere";
  EXPECT_NE(store.keys_of(tokens(3), elsewhere)[0], mine[0]);
  EXPECT_NE(mine[2], yours[2]);
  auto other = options(scratch);
  other.model = "n";
  EXPECT_NE(PrefixStore(other).keys_of(tokens(1), {})[0], store.keys_of(tokens(1), {})[0]);
}

TEST(PrefixStore, SurvivesRestartsAndReadsOnlyWhatItSealed) {
  const Scratch scratch;
  std::vector<BlockKey> keys;
  {
    PrefixStore store(options(scratch));
    keys = store.keys_of(tokens(2), {});
    store.put(first(keys, 1), "what the model computed");
    store.put(first(keys, 2), "and more");
    store.flush();
  }
  for (const auto& file : std::filesystem::directory_iterator(scratch.path("prefixes")))
    EXPECT_EQ(test::read_file(file.path()).find("computed"), std::string::npos) << "sealed";
  {
    PrefixStore store(options(scratch));
    EXPECT_EQ(store.known(keys), 2U);
    EXPECT_TRUE(store.take(keys, 2).empty()) << "not in memory yet";
    EXPECT_EQ(store.fetch(keys), 2U);
    const auto blocks = store.take(keys, 2);
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(*blocks[0], "what the model computed");
  }
  auto stolen = options(scratch);
  stolen.key = std::string(32, 'x');
  EXPECT_EQ(PrefixStore(stolen).fetch(keys), 0U) << "another key opens nothing";
}

TEST(PrefixStore, ADamagedFileIsAMissAndGoes) {
  const Scratch scratch;
  PrefixStore writer(options(scratch));
  const auto keys = writer.keys_of(tokens(2), {});
  writer.put(first(keys, 1), "one");
  writer.put(first(keys, 2), "two");
  writer.flush();
  const auto file = scratch.path("prefixes/" + hex(keys[0]) + ".kv");
  auto bytes = test::read_file(file);
  bytes[bytes.size() / 2] ^= 1;
  test::write_file(file, bytes);
  test::write_file(scratch.path("prefixes/half.part"), "x");
  PrefixStore store(options(scratch));
  EXPECT_EQ(store.known(keys), 2U);
  EXPECT_EQ(store.fetch(keys), 0U);
  EXPECT_EQ(store.known(keys), 0U);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_FALSE(std::filesystem::exists(scratch.path("prefixes/half.part")));
}

TEST(PrefixStore, KeepsToItsBudgets) {
  const Scratch scratch;
  auto small = options(scratch);
  small.memory_bytes_max = 10'000;
  small.disk_bytes_max = 30'000;
  PrefixStore store(small);
  const auto keys = store.keys_of(tokens(40), {});
  for (std::size_t count = 1; count <= keys.size(); ++count)
    store.put(first(keys, count), std::string(1000, 'x'));
  store.flush();
  EXPECT_LE(store.memory_bytes(), 10'000U);
  EXPECT_GT(store.memory_bytes(), 8'000U);
  EXPECT_LE(store.disk_bytes(), 30'000U);
  std::uint64_t on_disk = 0;
  for (const auto& file : std::filesystem::directory_iterator(small.folder)) on_disk += file.file_size();
  EXPECT_EQ(on_disk, store.disk_bytes());
  EXPECT_GT(store.known(keys), 20U) << "what others go on from stays longest";
  EXPECT_EQ(store.known(std::span(keys).last(5)), 0U);
  store.put(store.keys_of(tokens(1, 7), {}), std::string(20'000, 'y'));
  EXPECT_LE(store.memory_bytes(), 10'000U) << "what is larger than the budget is not kept";
}

}  // namespace
}  // namespace bastide::models::local
