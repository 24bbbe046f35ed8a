#include "models/local/placement.h"

#include <gtest/gtest.h>

#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::local {
namespace {

constexpr std::uint64_t giga = 1'000'000'000;

/// A model of 32 layers and the output, 0.5 GB each, whose cache of one sequence takes 1 GB in all.
class FakeModel {
 public:
  explicit FakeModel(const Machine& machine) : machine_(machine) {}

  [[nodiscard]] Result<Plan> plan(int slots) const {
    const std::uint64_t layer = giga / 2 + static_cast<std::uint64_t>(slots) * giga / layers;
    Plan out;
    out.layers = layers;
    for (const auto& device : machine_.devices) {
      const std::uint64_t room = device.free_bytes - std::min(device.free_bytes, device_margin_bytes);
      const auto here = std::min(static_cast<std::uint64_t>(layers - out.gpu_layers), room / layer);
      out.gpu_layers += static_cast<int>(here);
      out.device_bytes.push_back(here * layer);
    }
    out.is_whole_on_gpu = out.gpu_layers == layers;
    out.host_bytes = giga / 10 + static_cast<std::uint64_t>(layers - out.gpu_layers) * layer;
    return out;
  }
  [[nodiscard]] Placement place(int slots_max) const {
    auto placed = choose_placement(machine_, slots_max, [this](int slots) { return plan(slots); });
    EXPECT_TRUE(placed);
    return placed ? *placed : Placement{};
  }

 private:
  static constexpr int layers = 33;
  Machine machine_;
};

TEST(Placement, WithoutAGpuSlotsFollowTheMemory) {
  EXPECT_EQ(FakeModel({100 * giga, {}}).place(16).slots, 16);
  EXPECT_EQ(FakeModel({30 * giga, {}}).place(16).slots, 8) << "a third of 30 GB for those beyond the first";
  EXPECT_EQ(FakeModel({18 * giga, {}}).place(16).slots, 1);
  const auto none = FakeModel({9 * giga, {}}).place(16);
  EXPECT_EQ(none.slots, 0);
  EXPECT_NEAR(static_cast<double>(none.plan.host_bytes) / giga, 17.6, 0.1);
  EXPECT_EQ(place_text(none.plan, {}), "the processor");
}

TEST(Placement, AModelThatFitsOnTheGpuStaysThereWhole) {
  const std::vector<Device> gpu{{"L4", 24 * giga, 24 * giga}};
  const auto placed = FakeModel({8 * giga, gpu}).place(16);
  EXPECT_EQ(placed.slots, 4) << "eight would push layers off the GPU";
  EXPECT_TRUE(placed.plan.is_whole_on_gpu);
  EXPECT_EQ(place_text(placed.plan, gpu), "L4: 33 of 33 layers");
}

TEST(Placement, WhatDoesNotFitOnTheGpuIsComputedByTheProcessor) {
  const std::vector<Device> gpu{{"T4", 8 * giga, 16 * giga}};
  const auto placed = FakeModel({32 * giga, gpu}).place(4);
  EXPECT_EQ(placed.slots, 4);
  EXPECT_GT(placed.plan.gpu_layers, 8);
  EXPECT_LT(placed.plan.gpu_layers, 20);
  EXPECT_EQ(place_text(placed.plan, gpu), "T4: " + std::to_string(placed.plan.gpu_layers) + " of 33 layers");
  EXPECT_EQ(FakeModel({8 * giga, gpu}).place(4).slots, 0) << "the rest is more than the machine has";
}

TEST(Placement, SeveralGpusAddUpAndAGpuOfTheProcessorsOwnChipDoesNot) {
  const std::vector<Device> two{{"A", 10 * giga, 10 * giga}, {"B", 10 * giga, 10 * giga}};
  const auto both = FakeModel({4 * giga, two}).place(1);
  EXPECT_TRUE(both.plan.is_whole_on_gpu);
  EXPECT_EQ(place_text(both.plan, two), "A + B: 33 of 33 layers");
  const std::vector<Device> own{{"Chip", 24 * giga, 24 * giga, true}};
  EXPECT_EQ(FakeModel({24 * giga, own}).place(1).slots, 1);
  EXPECT_EQ(FakeModel({16 * giga, own}).place(1).slots, 0) << "its memory is the machine's";
}

TEST(Placement, AFullGpuLeavesTheModelToTheProcessor) {
  const std::vector<Device> full{{"L4", giga / 2, 24 * giga}};
  const auto placed = FakeModel({32 * giga, full}).place(2);
  EXPECT_EQ(placed.slots, 2);
  EXPECT_EQ(place_text(placed.plan, full), "the processor");
}

TEST(Placement, MeasuresAFileAndSaysWhatIsMissing) {
  const test::Scratch scratch;
  Manifest manifest;
  manifest.name = "Tiny";
  manifest.file = scratch.path("tiny.gguf");
  ASSERT_TRUE(test::write_windowed_model(manifest.file));
  manifest.context_tokens = 100'000;
  manifest.gpu_layers = 0;
  auto need = placement_need(manifest, 4);
  const auto placed = place_model(need);
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_EQ(placed->where, "the processor");
  EXPECT_EQ(need.engine.slots, 4);
  EXPECT_FALSE(need.engine.offload);
  EXPECT_LT(need.engine.context_tokens, 100'000) << "what the model was trained for";
  need.host_bytes = 1'000'000;
  const auto refused = place_model(need);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "not_enough_memory");
  EXPECT_NE(refused.error().message.find("Tiny needs 0.3 GB of memory; 0.0 GB are available"),
            std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace bastide::models::local
