#include "models/local/memory.h"

#include <gtest/gtest.h>

#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

using test::Scratch;
using test::write_file;

gguf::FileFacts small_model() {
  gguf::FileFacts facts;
  facts.bytes = 100'000'000;
  facts.layers = 30;
  facts.embedding = 576;
  facts.heads = 9;
  facts.kv_heads = 3;
  return facts;
}

TEST(Memory, CountsTheCacheOfEverySlot) {
  const auto facts = small_model();
  EXPECT_EQ(facts.cache_bytes_per_token(), 23'040U) << "30 layers, 3 heads of 64, keys and values of 2 bytes";
  const auto one = needed_memory_bytes(facts, 4096, 1);
  EXPECT_EQ(needed_memory_bytes(facts, 4096, 4) - one, 3U * 4096 * 23'040);
}

TEST(Memory, TheNarrowestLimitHolds) {
  const Scratch root;
  std::filesystem::create_directories(root.path("proc/self"));
  std::filesystem::create_directories(root.path("sys/fs/cgroup/a/b"));
  write_file(root.path("proc/meminfo"), "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n");
  EXPECT_EQ(available_memory_bytes(root.path() + "/"), 8'000'000ULL * 1024);
  write_file(root.path("proc/self/cgroup"), "0::/a/b\n");
  write_file(root.path("sys/fs/cgroup/a/b/memory.max"), "max\n");
  write_file(root.path("sys/fs/cgroup/a/memory.max"), "2000000000\n");
  write_file(root.path("sys/fs/cgroup/a/memory.current"), "1500000000\n");
  write_file(root.path("sys/fs/cgroup/a/memory.stat"), "anon 5\ninactive_file 300000000\n");
  EXPECT_EQ(available_memory_bytes(root.path() + "/"), 800'000'000U) << "pages of files can be dropped";
}

TEST(Memory, ReadsThisMachine) { EXPECT_GT(available_memory_bytes(), 10'000'000U); }

}  // namespace
}  // namespace bastide::models::local
