#include "models/local/energy.h"

#include <gtest/gtest.h>

#include "tests/models/scratch.h"

namespace bastide::models::local {
namespace {

using test::Scratch;
using test::write_file;

class Powercap {
 public:
  void zone(const std::string& name, const std::string& what, std::uint64_t most = 1'000'000'000) const {
    std::filesystem::create_directories(folder_.path(name));
    write_file(folder_.path(name + "/name"), what + "\n");
    write_file(folder_.path(name + "/max_energy_range_uj"), std::to_string(most) + "\n");
    use(name, 0);
  }
  void use(const std::string& name, std::uint64_t uj) const {
    write_file(folder_.path(name + "/energy_uj"), std::to_string(uj) + "\n");
  }
  [[nodiscard]] std::unique_ptr<EnergyCounter> counter() const { return rapl_counter(folder_.path()); }

 private:
  Scratch folder_;
};

TEST(Rapl, AddsPackagesAndTheirMemory) {
  const Powercap powercap;
  powercap.zone("intel-rapl:0", "package-0");
  powercap.zone("intel-rapl:0:0", "core");
  powercap.zone("intel-rapl:0:1", "dram");
  powercap.zone("intel-rapl:1", "package-1");
  powercap.zone("intel-rapl-mmio:0", "package-0");
  powercap.use("intel-rapl:0", 5'000'000);
  const auto counter = powercap.counter();
  ASSERT_TRUE(counter);
  EXPECT_EQ(counter->joules(), 0) << "what was used before does not count";
  powercap.use("intel-rapl:0", 7'000'000);
  powercap.use("intel-rapl:0:0", 900'000'000);
  powercap.use("intel-rapl:0:1", 500'000);
  powercap.use("intel-rapl:1", 1'000'000);
  powercap.use("intel-rapl-mmio:0", 900'000'000);
  EXPECT_DOUBLE_EQ(counter->joules(), 3.5);
  EXPECT_DOUBLE_EQ(counter->joules(), 3.5);
  EXPECT_EQ(counter->name(), "RAPL");
}

TEST(Rapl, GoesOnWhereACounterBeginsAnew) {
  const Powercap powercap;
  powercap.zone("intel-rapl:0", "package-0", 10'000'000);
  powercap.use("intel-rapl:0", 9'000'000);
  const auto counter = powercap.counter();
  ASSERT_TRUE(counter);
  powercap.use("intel-rapl:0", 2'000'000);
  EXPECT_DOUBLE_EQ(counter->joules(), 3);
}

TEST(Rapl, IsMissingWhereNothingCanBeRead) {
  EXPECT_FALSE(rapl_counter("/nowhere"));
  const Powercap powercap;
  powercap.zone("intel-rapl:0", "package-0", 0);
  EXPECT_FALSE(powercap.counter());
}

TEST(Nvml, CountsTheGpusThatCompute) {
  const auto counter = nvml_counter({"0000:c1:00.0", "0000:ff:00.0", ""}, BASTIDE_FAKE_NVML);
  ASSERT_TRUE(counter);
  EXPECT_EQ(counter->name(), "NVML");
  EXPECT_DOUBLE_EQ(counter->joules(), 0.5);
  EXPECT_DOUBLE_EQ(counter->joules(), 1.0);
}

TEST(Nvml, IsMissingWithoutItsLibraryOrItsGpus) {
  EXPECT_FALSE(nvml_counter({"0000:c1:00.0"}, "libno-such-library.so.1"));
  EXPECT_FALSE(nvml_counter({"0000:ff:00.0"}, BASTIDE_FAKE_NVML));
  EXPECT_FALSE(nvml_counter({}, BASTIDE_FAKE_NVML));
  EXPECT_FALSE(nvml_counter({"0000:c1:00.0"}, "libm.so.6")) << "another library";
}

class FakeCounter final : public EnergyCounter {
 public:
  explicit FakeCounter(const double& used) : used_(used) {}
  double joules() override { return used_; }
  [[nodiscard]] std::string name() const override { return "fake"; }

 private:
  const double& used_;
};

TEST(EnergyShares, GiveEachCallItsShareByTokens) {
  double used = 7;
  std::vector<std::unique_ptr<EnergyCounter>> counters;
  counters.push_back(nullptr);
  counters.push_back(std::make_unique<FakeCounter>(used));
  EnergyShares shares(std::move(counters));
  EXPECT_EQ(shares.source(), "fake");
  used = 10;
  shares.begin();
  auto now = Steady::now();
  shares.add(1, 30);
  shares.add(2, 10);
  used = 14;
  shares.note(now += 2 * EnergyShares::window);
  shares.add(1, 1);
  used = 15;
  shares.note(now += EnergyShares::window / 2);  // too soon to look
  shares.add(2, 1);
  used = 16;
  EXPECT_DOUBLE_EQ(shares.take(1), 3 + 1);
  EXPECT_DOUBLE_EQ(shares.take(2), 1 + 1);
  EXPECT_EQ(shares.take(1), 0) << "nothing is kept";
  used = 100;
  shares.begin();
  shares.add(3, 5);
  used = 101;
  shares.note(now += 2 * EnergyShares::window);
  EXPECT_DOUBLE_EQ(shares.take(3), 1) << "a pause is nobody's";
}

TEST(EnergyShares, WithoutCountersTellNothing) {
  EnergyShares shares({});
  EXPECT_EQ(shares.source(), "");
  shares.begin();
  shares.add(1, 5);
  shares.note(Steady::now());
  EXPECT_EQ(shares.take(1), 0);
}

}  // namespace
}  // namespace bastide::models::local
