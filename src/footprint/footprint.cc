#include "footprint/footprint.h"

#include <fmt/format.h>

#include <algorithm>

namespace bastide::footprint {
namespace {

// From small open models to the largest that are published or estimated.
constexpr Range unknown_active{3, 600};
constexpr Range unknown_total{3, 2000};
constexpr Range unknown_own{0.1, 100};
// From the best data centres to the mean of the Uptime Institute's survey; water from dry cooling to the mean
// of US data centres (Lawrence Berkeley National Laboratory).
constexpr DataCentre unknown_centre{"", 1.1, 1.56, 0, 1.8};
// From a machine in an office to a small server room without free cooling; no cooling towers.
constexpr DataCentre own_centre{"", 1.0, 1.6, 0, 0};
// A server with one processor under load, idle included.
constexpr double own_machine_w = 120;
constexpr double seconds_per_hour = 3600;

/// The machines took `it_wh`, whatever the model of them says.
void use_energy(double it_wh, const Request& request, Impact& impact) {
  impact.it_energy_wh = it_wh;
  impact.energy_wh = request.pue * it_wh;
  impact.usage_gco2e = impact.energy_wh * request.mix_kgco2e;  // kg a kWh are g a Wh
  impact.litres = it_wh / 1000 * (request.wue_on_site + request.pue * request.mix_wue);
}

bool is_inside(const policy::ModelCard& model) { return model.local || model.zone == "walls"; }

}  // namespace

Estimator::Estimator(const Config& config) : zones_(config.zones), own_country_(config.footprint.country) {
  for (const auto& provider : config.providers) base_urls_.emplace(provider.id, provider.base_url);
}

void Estimator::choose_mixes(const policy::ModelCard& model, Basis& basis) const {
  std::vector<std::string> countries;
  if (is_inside(model)) {
    countries.push_back(own_country_);
  } else {
    for (const auto& zone : zones_)
      if (zone.id == model.zone) countries = zone.countries;
    if (countries.empty()) countries.push_back(model.zone);
  }
  std::vector<std::string> without;
  for (const auto& country : countries) {
    if (const auto* mix = mix_of(country))
      basis.mixes.push_back(mix);
    else
      without.push_back(country);
  }
  if (!basis.mixes.empty() && without.empty()) return;
  // A country without figures may be anywhere between the best and the worst that have some.
  basis.mixes.clear();
  for (const auto& mix : mixes()) basis.mixes.push_back(&mix);
  basis.assumed.push_back(
      fmt::format("There are no figures for the electricity of {}: every country that has some counts.",
                  fmt::join(without, ", ")));
}

void Estimator::choose_centre(const policy::ModelCard& model, Basis& basis) const {
  const auto* centre = &unknown_centre;
  if (model.local) {
    centre = &own_centre;
  } else {
    const auto url = base_urls_.find(model.provider);
    const auto* known = url == base_urls_.end() ? nullptr : data_centre_of(url->second);
    if (known)
      centre = known;
    else
      basis.assumed.push_back(fmt::format("A data centre that is not known: PUE {:.2f} to {:.2f}.",
                                          centre->pue_low, centre->pue_high));
  }
  basis.pue_low = centre->pue_low;
  basis.pue_high = centre->pue_high;
  basis.wue_low = centre->wue_low;
  basis.wue_high = centre->wue_high;
}

Basis Estimator::basis_of(const policy::ModelCard& model) const {
  Basis basis;
  basis.own_machine = model.local;
  if (model.parameters_active || model.parameters_total) {
    basis.active_billion = model.parameters_active.value_or(
        *(model.parameters_total ? model.parameters_total : model.parameters_active));
    basis.total_billion = model.parameters_total.value_or(basis.active_billion);
  } else {
    basis.size_known = false;
    basis.active_billion = model.local ? unknown_own : unknown_active;
    basis.total_billion = model.local ? unknown_own : unknown_total;
    basis.assumed.push_back(
        fmt::format("The size of the model is not known: {:g} to {:g} billion parameters, {:g} to "
                    "{:g} of them active.",
                    basis.total_billion.low, basis.total_billion.high, basis.active_billion.low,
                    basis.active_billion.high));
  }
  choose_mixes(model, basis);
  choose_centre(model, basis);
  return basis;
}

exchange::Energy Estimator::of(const policy::ModelCard& model, const exchange::Usage& usage, double latency_s,
                               const exchange::Computed& computed) const {
  auto basis = basis_of(model);
  const auto by_climate = [](const Mix* a, const Mix* b) { return a->kgco2e < b->kgco2e; };
  const auto by_water = [](const Mix* a, const Mix* b) { return a->litres < b->litres; };
  const auto [clean, dirty] = std::ranges::minmax_element(basis.mixes, by_climate);
  const auto [dry, wet] = std::ranges::minmax_element(basis.mixes, by_water);

  Request low;
  low.output_tokens = usage.output_tokens;
  low.latency_s = latency_s;
  Request high = low;
  low.parameters_active_billion = basis.active_billion.low;
  low.parameters_total_billion = basis.total_billion.low;
  low.pue = basis.pue_low;
  low.wue_on_site = basis.wue_low;
  low.mix_kgco2e = (*clean)->kgco2e;
  low.mix_wue = (*dry)->litres;
  high.parameters_active_billion = basis.active_billion.high;
  high.parameters_total_billion = basis.total_billion.high;
  high.pue = basis.pue_high;
  high.wue_on_site = basis.wue_high;
  high.mix_kgco2e = (*dirty)->kgco2e;
  high.mix_wue = (*wet)->litres;

  auto least = impact_of(low, ecologits_0_10);
  auto most = impact_of(high, ecologits_0_10);
  const bool is_measured = basis.own_machine && !computed.measured_by.empty() && computed.joules > 0;
  if (is_measured) {
    use_energy(computed.joules / seconds_per_hour, low, least);
    use_energy(computed.joules / seconds_per_hour, high, most);
    basis.assumed.push_back(
        fmt::format("A machine of the organisation: PUE {:.1f} to {:.1f}; its energy as {} counted it while "
                    "the answer was "
                    "computed, shared with others by their tokens; what else ran there then is in it.",
                    low.pue, high.pue, computed.measured_by));
  } else if (basis.own_machine) {
    basis.assumed.push_back(fmt::format(
        "A machine of the organisation: PUE {:.1f} to {:.1f}; between a shared data-centre GPU and a whole "
        "server of {:.0f} W for as long as the answer took.",
        low.pue, high.pue, own_machine_w));
    const double machine_wh = own_machine_w * latency_s / seconds_per_hour;
    if (machine_wh > most.it_energy_wh) use_energy(machine_wh, high, most);
  }

  exchange::Energy energy;
  energy.wh_low = least.energy_wh;
  energy.wh_high = most.energy_wh;
  energy.gco2e_low = least.gco2e();
  energy.gco2e_high = most.gco2e();
  energy.litres_low = least.litres;
  energy.litres_high = most.litres;
  energy.method = method_name;
  energy.basis = is_measured ? "measured" : basis.size_known ? "estimated" : "unknown";
  energy.assumed = std::move(basis.assumed);
  if (usage.output_tokens <= 0)
    energy.assumed.emplace_back("Nothing was generated; reading the prompt is not counted.");
  return energy;
}

}  // namespace bastide::footprint
