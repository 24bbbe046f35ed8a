// The EcoLogits method for generative language models, as formulas.
#pragma once

#include <cstdint>
#include <string_view>

namespace bastide::footprint {

/// What a published version of the method fixes. Source: mlco2/ecologits (llm bottom-up methodology).
struct Method {
  std::string_view name;  // goes into every record
  // Embodied impacts of one GPU (80 GB).
  double gpu_embodied_kgco2e;
  double gpu_embodied_kgsbe;
  double gpu_embodied_mj;
  /// On what on-site and off-site water use is counted.
  enum class Water { total_energy, it_energy } water;
};

/// Since 0.10: H100 as ADEME gives it, water on the energy of the machines.
extern const Method ecologits_0_10;
/// To compare with records of before.
extern const Method ecologits_0_9;

/// One request with point values.
struct Request {
  double parameters_active_billion = 0;
  double parameters_total_billion = 0;
  std::int64_t output_tokens = 0;
  double latency_s = 0;     // measured; 0: not known. An upper bound for the modelled one
  double tokens_per_s = 0;  // of the deployment, with time to first token; 0: modelled from the size
  double first_token_s = 0;
  double pue = 1;          // power usage effectiveness of the data centre
  double wue_on_site = 0;  // litres a kWh
  double mix_kgco2e = 0;   // a kWh
  double mix_kgsbe = 0;    // a kWh
  double mix_mj = 0;       // a kWh
  double mix_wue = 0;      // litres a kWh, where the electricity is made
};

struct Impact {
  double energy_wh = 0;     // with the data centre's share
  double it_energy_wh = 0;  // of the machines alone
  double usage_gco2e = 0;
  double embodied_gco2e = 0;
  double adpe_kgsbe = 0;  // use of minerals and metals, usage and embodied
  double primary_mj = 0;  // primary energy, usage and embodied
  double litres = 0;

  [[nodiscard]] double gco2e() const { return usage_gco2e + embodied_gco2e; }
};

/// Pure. Zero tokens have no impact.
[[nodiscard]] Impact impact_of(const Request& request, const Method& method);

/// GPUs of 80 GB that hold the model in 16 bits, as a power of two.
[[nodiscard]] int gpus_for(double parameters_total_billion);

}  // namespace bastide::footprint
