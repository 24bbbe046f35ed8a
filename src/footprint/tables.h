// Electricity mixes of countries and data centres of providers.
#pragma once

#include <span>
#include <string_view>

namespace bastide::footprint {

/// What a kWh of a country's electricity stands for.
struct Mix {
  std::string_view alpha3;  // ISO 3166-1
  std::string_view alpha2;
  double kgco2e = 0;  // climate
  double kgsbe = 0;   // minerals and metals
  double mj = 0;      // primary energy
  double litres = 0;  // water
};

/// How much more than its machines a provider's data centre takes. Low and high where the operator gives a
/// range.
struct DataCentre {
  std::string_view host;  // of its public interface
  double pue_low = 1, pue_high = 1;
  double wue_low = 0, wue_high = 0;  // litres a kWh, on site
};

[[nodiscard]] std::span<const Mix> mixes();
/// By either code; nullptr when the country has no figures. The world's mean is left out: parts of it are
/// doubtful.
[[nodiscard]] const Mix* mix_of(std::string_view country);
/// nullptr when the operator is not known.
[[nodiscard]] const DataCentre* data_centre_of(std::string_view base_url);

}  // namespace bastide::footprint
