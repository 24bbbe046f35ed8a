#include "footprint/tables.h"

#include <array>

namespace bastide::footprint {
namespace {

// Figures (not text) as published with EcoLogits 0.10 by mlco2 (github.com/mlco2/ecologits, MPL-2.0), which
// has them from ADEME Base Empreinte, Our World in Data and the World Resources Institute.
// clang-format off
constexpr std::array<Mix, 49> mixes_table{{
    {"ARG", "AR", 0.35895, 7.68600e-8, 7.8888, 11.4558},
    {"AUS", "AU", 0.55159, 7.90800e-8, 12.2247, 4.7293},
    {"AUT", "AT", 0.10262, 1.41120e-7, 2.8363, 5.7222},
    {"BEL", "BE", 0.11758, 3.37200e-8, 8.9876, 2.6198},
    {"BGR", "BG", 0.26421, 8.23600e-8, 12.118, 4.6228},
    {"BRA", "BR", 0.10321, 1.09620e-7, 1.7701, 18.6033},
    {"CAN", "CA", 0.17481, 9.93200e-8, 4.1955, 8.1662},
    {"CHE", "CH", 0.0366, 1.00470e-7, 4.7362, 5.6641},
    {"CHL", "CL", 0.26552, 1.05850e-7, 6.434, 10.5226},
    {"CHN", "CN", 0.55955, 8.51600e-8, 10.6736, 6.0065},
    {"CYP", "CY", 0.51224, 4.48800e-8, 11.9763, 1.2947},
    {"CZE", "CZ", 0.41386, 8.17600e-8, 11.103, 3.2133},
    {"DEU", "DE", 0.34414, 8.78700e-8, 8.7477, 1.947},
    {"DNK", "DK", 0.1433, 1.57400e-8, 6.6454, 3.1935},
    {"ESP", "ES", 0.14615, 5.18300e-8, 7.4839, 6.2088},
    {"EST", "EE", 0.34102, 9.90200e-8, 14.2926, 2.1986},
    {"FIN", "FI", 0.07225, 8.05100e-8, 6.2915, 4.5289},
    {"FRA", "FR", 0.04418, 4.85800e-8, 9.3135, 3.6737},
    {"GBR", "GB", 0.21089, 3.71000e-8, 9.0976, 2.329},
    {"GRC", "GR", 0.31976, 6.91600e-8, 10.5179, 5.1451},
    {"HUN", "HU", 0.18282, 6.44600e-8, 10.5942, 3.6874},
    {"IDN", "ID", 0.68243, 6.10500e-8, 9.7582, 2.2554},
    {"IND", "IN", 0.70832, 1.00100e-7, 16.6775, 3.4368},
    {"IRL", "IE", 0.2797, 2.19300e-8, 8.0614, 1.4769},
    {"ISL", "IS", 0.02833, 7.81900e-8, 0.0128, 6.1409},
    {"ITA", "IT", 0.28753, 5.43900e-8, 7.9351, 4.8374},
    {"JPN", "JP", 0.48232, 5.96600e-8, 9.1105, 2.3063},
    {"KOR", "KR", 0.41427, 5.18000e-8, 9.9136, 1.8877},
    {"LTU", "LT", 0.13934, 2.94600e-8, 10.6476, 5.8994},
    {"LUX", "LU", 0.13462, 1.05690e-7, 8.0213, 12.7784},
    {"LVA", "LV", 0.13622, 1.53760e-7, 3.7781, 2.5526},
    {"MEX", "MX", 0.48483, 5.78400e-8, 9.9732, 5.3047},
    {"MLT", "MT", 0.48416, 4.94800e-8, 16.3514, 1.1185},
    {"MYS", "MY", 0.60443, 4.49400e-8, 10.5875, 1.6778},
    {"NLD", "NL", 0.25331, 3.29300e-8, 7.4815, 3.433},
    {"NOR", "NO", 0.03075, 1.27490e-7, 0.1386, 6.6633},
    {"NZL", "NZ", 0.12011, 7.20500e-8, 3.9817, 14.9681},
    {"POL", "PL", 0.61498, 1.01950e-7, 11.1352, 2.5135},
    {"PRT", "PT", 0.11229, 3.41900e-8, 6.5813, 9.5932},
    {"ROU", "RO", 0.24555, 9.81800e-8, 9.1329, 7.3563},
    {"RUS", "RU", 0.4492, 9.60300e-8, 10.9691, 3.4595},
    {"SVK", "SK", 0.09649, 6.06100e-8, 8.8184, 5.7952},
    {"SVN", "SI", 0.22765, 9.92300e-8, 8.4293, 2.9769},
    {"SWE", "SE", 0.03582, 7.77100e-8, 4.7301, 6.0315},
    {"THA", "TH", 0.5545, 5.69600e-8, 9.0495, 2.8902},
    {"TUR", "TR", 0.4697, 7.49800e-8, 8.7855, 4.9197},
    {"TWN", "TW", 0.63565, 5.78100e-8, 10.9587, 1.4886},
    {"UKR", "UA", 0.25621, 6.47900e-8, 12.2117, 2.1306},
    {"USA", "US", 0.38355, 9.85500e-8, 9.6884, 3.1321},
}};
// clang-format on

// Operators' own reports, as EcoLogits 0.10 gives them.
constexpr std::array<DataCentre, 6> centres{{
    {"api.openai.com", 1.20, 1.20, 0.569, 0.569},
    {"api.anthropic.com", 1.09, 1.14, 0.13, 0.999},
    {"generativelanguage.googleapis.com", 1.09, 1.09, 0.999, 0.999},
    {"api.cohere.com", 1.09, 1.09, 0.999, 0.999},
    {"api.cohere.ai", 1.09, 1.09, 0.999, 0.999},
    {"api.mistral.ai", 1.16, 1.16, 0.09, 0.09},
}};

std::string_view host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  return url.substr(0, url.find(':'));
}

}  // namespace

std::span<const Mix> mixes() { return mixes_table; }

const Mix* mix_of(std::string_view country) {
  for (const auto& mix : mixes_table)
    if (mix.alpha3 == country || mix.alpha2 == country) return &mix;
  return nullptr;
}

const DataCentre* data_centre_of(std::string_view base_url) {
  const auto host = host_of(base_url);
  for (const auto& centre : centres)
    if (centre.host == host) return &centre;
  return nullptr;
}

}  // namespace bastide::footprint
