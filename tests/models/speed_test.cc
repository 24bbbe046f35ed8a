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
