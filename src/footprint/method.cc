#include "footprint/method.h"

#include <algorithm>
#include <cmath>

namespace bastide::footprint {
namespace {

// Regressions on measurements of vLLM on H100 (ML.ENERGY), as published with the method.
constexpr double batch = 64;  // requests that share the server
constexpr double energy_alpha = 1.1665273170451914e-06;
constexpr double energy_beta = -0.011205921025579175;
constexpr double energy_gamma = 4.052928146734005e-05;
constexpr double latency_alpha = 6.785088094353663e-4;
constexpr double latency_beta = 3.119310311688259e-4;
constexpr double latency_gamma = 0.019473717579473387;

constexpr double weight_bits = 16;
constexpr double memory_overhead = 1.2;
constexpr double gpu_memory_gb = 80;
constexpr double server_gpus = 8;
constexpr double server_power_kw = 1.2;  // without its GPUs
constexpr double server_embodied_kgco2e = 5700;
constexpr double server_embodied_kgsbe = 0.37;
constexpr double server_embodied_mj = 70000;
constexpr double lifespan_s = 94'608'000;  // three years
constexpr double seconds_per_hour = 3600;

double modelled_latency_s(const Request& request) {
  const auto tokens = static_cast<double>(request.output_tokens);
  const double modelled = request.tokens_per_s > 0
                              ? tokens / request.tokens_per_s + request.first_token_s
                              : tokens * (latency_alpha * request.parameters_active_billion +
                                          latency_beta * batch + latency_gamma);
  return request.latency_s > 0 ? std::min(modelled, request.latency_s) : modelled;
}

}  // namespace

const Method ecologits_0_10{"ecologits-0.10", 273, 0.00895, 3721, Method::Water::it_energy};
const Method ecologits_0_9{"ecologits-0.9", 164, 0.0051, 1828, Method::Water::total_energy};

int gpus_for(double parameters_total_billion) {
  const double gb = memory_overhead * parameters_total_billion * weight_bits / 8;
  const double least = std::ceil(gb / gpu_memory_gb);
  int gpus = 1;
  constexpr int gpus_max = 1 << 20;
  while (gpus < least && gpus < gpus_max) gpus *= 2;
  return gpus;
}

Impact impact_of(const Request& request, const Method& method) {
  if (request.output_tokens <= 0) return {};
  const double gpus = gpus_for(request.parameters_total_billion);
  const double latency_s = modelled_latency_s(request);
  const double gpu_wh =
      static_cast<double>(request.output_tokens) *
      (energy_alpha * std::exp(energy_beta * batch) * request.parameters_active_billion + energy_gamma);
  const double server_wh =
      latency_s / seconds_per_hour * server_power_kw * 1000 * (gpus / server_gpus) / batch;

  Impact impact;
  impact.it_energy_wh = server_wh + gpus * gpu_wh;
  impact.energy_wh = request.pue * impact.it_energy_wh;
  const double total_kwh = impact.energy_wh / 1000;
  const double water_kwh =
      (method.water == Method::Water::it_energy ? impact.it_energy_wh : impact.energy_wh) / 1000;
  impact.litres = water_kwh * (request.wue_on_site + request.pue * request.mix_wue);

  const double share = latency_s / (batch * lifespan_s);
  const auto embodied = [&](double server, double gpu) {
    return share * (gpus / server_gpus * server + gpus * gpu);
  };
  impact.usage_gco2e = total_kwh * request.mix_kgco2e * 1000;
  impact.embodied_gco2e = embodied(server_embodied_kgco2e, method.gpu_embodied_kgco2e) * 1000;
  impact.adpe_kgsbe =
      total_kwh * request.mix_kgsbe + embodied(server_embodied_kgsbe, method.gpu_embodied_kgsbe);
  impact.primary_mj = total_kwh * request.mix_mj + embodied(server_embodied_mj, method.gpu_embodied_mj);
  return impact;
}

}  // namespace bastide::footprint
