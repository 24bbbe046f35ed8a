#include "footprint/footprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bastide::footprint {
namespace {

using testing::HasSubstr;

Config config() {
  return *parse_config(R"(
[[zone]]
id = "eu"
countries = ["FR", "DE", "SE"]
[[provider]]
id = "cloud"
base_url = "http://127.0.0.1:9000/v1"
zone = "eu"
[[provider]]
id = "openai"
base_url = "https://api.openai.com/v1"
zone = "US"
)",
                       "test");
}

policy::ModelCard card(std::string provider, std::string zone, std::optional<Range> size) {
  policy::ModelCard model;
  model.provider = std::move(provider);
  model.zone = std::move(zone);
  model.parameters_active = model.parameters_total = size;
  model.local = model.provider == "local";
  return model;
}

constexpr exchange::Usage four_hundred{.input_tokens = 50, .output_tokens = 400};

TEST(Estimator, KnowsTheProvidersDataCentreAndCountry) {
  const Estimator estimator(config());
  const auto model = card("openai", "US", Range{8, 8});
  const auto energy = estimator.of(model, four_hundred, 0, {});
  EXPECT_NEAR(energy.wh_low, 0.03566103, 0.00003);
  EXPECT_DOUBLE_EQ(energy.wh_low, energy.wh_high);
  EXPECT_NEAR(energy.gco2e_low, 0.03566103 * 0.38355 + 0.00292, 0.0001);
  EXPECT_EQ(energy.method, method_name);
  EXPECT_EQ(energy.basis, "estimated");
  EXPECT_TRUE(estimator.basis_of(model).assumed.empty());
}

TEST(Estimator, AZoneOfSeveralCountriesIsARange) {
  const Estimator estimator(config());
  const auto energy = estimator.of(card("cloud", "eu", Range{8, 20}), four_hundred, 0, {});
  EXPECT_LT(energy.wh_low, energy.wh_high);
  EXPECT_LT(energy.gco2e_low * 5, energy.gco2e_high);  // Sweden against Germany
  EXPECT_LT(energy.litres_low, energy.litres_high);
  EXPECT_GT(energy.litres_low, 0);
  EXPECT_THAT(estimator.basis_of(card("cloud", "eu", Range{8, 20})).assumed,
              testing::ElementsAre(HasSubstr("PUE")));
}

TEST(Estimator, AnUnknownSizeIsWideAndNeverZero) {
  const Estimator estimator(config());
  const auto model = card("openai", "US", std::nullopt);
  const auto energy = estimator.of(model, four_hundred, 0, {});
  EXPECT_EQ(energy.basis, "unknown");
  EXPECT_EQ(energy.assumed, estimator.basis_of(model).assumed);
  EXPECT_GT(energy.wh_low, 0);
  EXPECT_GT(energy.wh_high, energy.wh_low * 50);
  EXPECT_THAT(estimator.basis_of(model).assumed,
              testing::Contains(HasSubstr("size of the model is not known")));
}

TEST(Estimator, ACountryWithoutFiguresIsWideToo) {
  const Estimator estimator(config());
  const auto model = card("cloud", "SN", Range{8, 8});
  EXPECT_THAT(estimator.basis_of(model).assumed, testing::Contains(HasSubstr("SN")));
  const auto energy = estimator.of(model, four_hundred, 0, {});
  EXPECT_GT(energy.gco2e_high, energy.gco2e_low * 5);
}

TEST(Estimator, OwnMachinesTakeTheirOwnMixAndAtMostAWholeServer) {
  auto own = config();
  own.footprint.country = "SWE";
  const Estimator estimator(own);
  const auto model = card("local", "walls", Range{8, 8});
  ASSERT_EQ(estimator.basis_of(model).mixes.size(), 1U);
  EXPECT_EQ(estimator.basis_of(model).mixes[0]->alpha3, "SWE");
  const auto energy = estimator.of(model, four_hundred, 60, {});
  EXPECT_NEAR(energy.wh_high, 1.6 * 120.0 * 60 / 3600, 1e-9);
  EXPECT_LT(energy.wh_low, 0.04);
  EXPECT_GT(energy.wh_low, 0);
}

TEST(Estimator, WhatWasMeasuredStandsInPlaceOfTheEstimate) {
  const Estimator estimator(config());
  const auto model = card("local", "walls", Range{8, 8});
  const exchange::Computed computed{"the processor", 0, 0, 720, "RAPL"};
  const auto energy = estimator.of(model, four_hundred, 60, computed);
  EXPECT_EQ(energy.basis, "measured");
  EXPECT_NEAR(energy.wh_low, 0.2, 1e-9) << "720 J";
  EXPECT_NEAR(energy.wh_high, 1.6 * 0.2, 1e-9);
  const auto estimated = estimator.of(model, four_hundred, 60, {"the processor", 0, 0, 0, "RAPL"});
  EXPECT_EQ(estimated.basis, "estimated") << "nobody waited for the end";
  EXPECT_GT(energy.gco2e_high, 0);
  const auto names = [](const exchange::Energy& each, const char* what) {
    return std::ranges::any_of(each.assumed, [&](const auto& text) { return text.contains(what); });
  };
  EXPECT_TRUE(names(energy, "RAPL"));
  EXPECT_FALSE(names(energy, "whole server"));
  EXPECT_TRUE(names(estimated, "whole server"));
}

TEST(Tables, FindCountriesAndDataCentres) {
  EXPECT_EQ(mix_of("FR"), mix_of("FRA"));
  EXPECT_EQ(mix_of("WOR"), nullptr);
  EXPECT_EQ(mixes().size(), 49U);
  ASSERT_TRUE(data_centre_of("https://api.mistral.ai/v1"));
  EXPECT_DOUBLE_EQ(data_centre_of("https://api.mistral.ai/v1")->pue_low, 1.16);
  EXPECT_EQ(data_centre_of("https://api.openai.com.evil.example/v1"), nullptr);
  EXPECT_EQ(data_centre_of(""), nullptr);
}

}  // namespace
}  // namespace bastide::footprint
