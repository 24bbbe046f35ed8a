#include "models/install/speed.h"

#include <gtest/gtest.h>

#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models {
namespace {

TEST(Speed, IsMeasuredForAModelThatChats) {
  const test::Scratch scratch;
  Manifest manifest;
  manifest.file = scratch.path("tiny.gguf");
  ASSERT_TRUE(test::write_windowed_model(manifest.file));
  manifest.name = "Tiny";
  manifest.bytes = std::filesystem::file_size(manifest.file);
  const auto speed = measure_speed(manifest);
  ASSERT_TRUE(speed) << speed.error().message;
  EXPECT_GE(speed->threads, 1);
  EXPECT_GT(speed->load_s, 0);
  EXPECT_GT(speed->prompt, 0);
  EXPECT_GT(speed->one_answer, 0);
  EXPECT_GT(speed->eight_answers, 0);
  EXPECT_EQ(speed->embedding, 0);
  EXPECT_EQ(speed->wh > 0, !speed->energy.empty()) << "counted, or not told";

  manifest.id = "tiny";
  manifest.sha256 = "0a";
  ASSERT_TRUE(write_manifest(manifest, scratch.path("")));
  EXPECT_EQ(keep_speed("tiny", "another", *speed, scratch.path("")), false);
  EXPECT_EQ(keep_speed("other", "0a", *speed, scratch.path("")), false);
  ASSERT_EQ(keep_speed("tiny", "0a", *speed, scratch.path("")), true);
  const auto kept = read_manifests(scratch.path(""));
  ASSERT_EQ(kept.size(), 1U);
  ASSERT_TRUE(kept[0].speed);
  EXPECT_EQ(kept[0].speed->at, speed->at);
  EXPECT_NEAR(kept[0].speed->one_answer, speed->one_answer, 1e-3 * speed->one_answer);
}

TEST(Speed, IsRefusedForAFileThatIsNotThereOrDamaged) {
  const test::Scratch scratch;
  Manifest manifest;
  manifest.file = scratch.path("missing.gguf");
  EXPECT_FALSE(measure_speed(manifest));
  test::write_file(manifest.file, "no model");
  manifest.bytes = 8;
  const auto refused = measure_speed(manifest);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "not_gguf");
}

}  // namespace
}  // namespace bastide::models
