#include "footprint/method.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace bastide::footprint {
namespace {

std::filesystem::path test_data() {
  if (const char* given = std::getenv("BASTIDE_TEST_DATA")) return given;
  return std::filesystem::path(BASTIDE_SOURCE_DIR) / ".." / "shared" / "data";
}

void near(double expected, double got, const std::string& what) {
  EXPECT_NEAR(got, expected, std::abs(expected) * 0.001) << what;
}

TEST(Method, ReproducesThePublishedValues) {
  std::ifstream in(test_data() / "footprint" / "reference_values_dev.json");
  if (!in) GTEST_SKIP() << "no data";
  const auto cases = nlohmann::json::parse(in);
  ASSERT_GE(cases.size(), 6U);
  for (const auto& each : cases) {
    const auto& input = each.at("inputs");
    const std::string name = each.at("version").get<std::string>() + " " + each.at("case").get<std::string>();
    const auto& method = each.at("version") == "0.9.3" ? ecologits_0_9 : ecologits_0_10;
    // Sizes are numbers, or ranges where the model's maker says nothing.
    const auto bound = [](const nlohmann::json& value, std::size_t end) {
      if (value.is_number()) return value.get<double>();
      if (value.is_array()) return value.at(end).get<double>();
      return value.at(end == 0 ? "min" : "max").get<double>();
    };
    for (const std::size_t end : {0U, 1U}) {
      Request request;
      request.parameters_active_billion = bound(input.at("model_active_parameter_count"), end);
      request.parameters_total_billion = bound(input.at("model_total_parameter_count"), end);
      request.output_tokens = input.at("output_token_count").get<std::int64_t>();
      request.latency_s = input.value("request_latency", 0.0);
      request.tokens_per_s = input.value("tps", 0.0);
      request.first_token_s = input.value("ttft", 0.0);
      request.pue = bound(input.at("datacenter_pue"), end);
      request.wue_on_site = bound(input.at("datacenter_wue"), end);
      request.mix_kgco2e = input.at("if_electricity_mix_gwp").get<double>();
      request.mix_kgsbe = input.at("if_electricity_mix_adpe").get<double>();
      request.mix_mj = input.at("if_electricity_mix_pe").get<double>();
      request.mix_wue = input.at("if_electricity_mix_wue").get<double>();
      const auto impact = impact_of(request, method);
      const auto want = [&](const char* key) { return bound(each.at(key), end); };
      near(want("energy_wh"), impact.energy_wh, name + " energy");
      near(want("gwp_g"), impact.gco2e(), name + " carbon");
      near(want("gwp_usage_g"), impact.usage_gco2e, name + " carbon of usage");
      near(want("gwp_embodied_g"), impact.embodied_gco2e, name + " embodied carbon");
      near(want("adpe_kgsbeq"), impact.adpe_kgsbe, name + " minerals");
      near(want("pe_mj"), impact.primary_mj, name + " primary energy");
      near(want("wcf_ml"), impact.litres * 1000, name + " water");
    }
  }
}

// One worked value without the data folder: 8 billion parameters, 400 tokens, France.
TEST(Method, HoldsOnAWorkedExample) {
  Request request{.parameters_active_billion = 8,
                  .parameters_total_billion = 8,
                  .output_tokens = 400,
                  .pue = 1.2,
                  .wue_on_site = 0.5,
                  .mix_kgco2e = 0.04418};
  const auto impact = impact_of(request, ecologits_0_10);
  near(0.03566103, impact.energy_wh, "energy");
  near(0.00157550, impact.usage_gco2e, "carbon of usage");
  EXPECT_EQ(impact_of({}, ecologits_0_10).energy_wh, 0);
}

TEST(Method, CountsGpusInPowersOfTwo) {
  EXPECT_EQ(gpus_for(7.3), 1);
  EXPECT_EQ(gpus_for(33), 1);
  EXPECT_EQ(gpus_for(34), 2);
  EXPECT_EQ(gpus_for(123), 4);
  EXPECT_EQ(gpus_for(440), 16);
}

}  // namespace
}  // namespace bastide::footprint
