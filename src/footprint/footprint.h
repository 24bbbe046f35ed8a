// Energy, carbon and water of a call, as exchange::Footprint asks for them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "exchange/ports.h"
#include "footprint/method.h"
#include "footprint/tables.h"

namespace bastide::footprint {

/// The method and our choice of inputs for it. Raise the last number when the choice changes.
inline constexpr std::string_view method_name = "ecologits-0.10/bastide-1";

/// What the estimate of one model rests on: two cases, and what stands in for what is not known.
struct Basis {
  Range active_billion, total_billion;
  double pue_low = 1, pue_high = 1;
  double wue_low = 0, wue_high = 0;
  std::vector<const Mix*> mixes;  // at least one
  bool own_machine = false;
  bool size_known = true;
  std::vector<std::string> assumed;  // short English sentences
};

/// Immutable after construction; thread-safe.
class Estimator final : public exchange::Footprint {
 public:
  explicit Estimator(const Config& config);
  /// `basis` is "measured" where counters told the energy (what making the machines took stays an estimate),
  /// else "estimated", or "unknown" where the size of the model had to be assumed; `method` is method_name.
  [[nodiscard]] exchange::Energy of(const policy::ModelCard& model, const exchange::Usage& usage,
                                    double latency_s, const exchange::Computed& computed) const override;
  [[nodiscard]] Basis basis_of(const policy::ModelCard& model) const;

 private:
  void choose_mixes(const policy::ModelCard& model, Basis& basis) const;
  void choose_centre(const policy::ModelCard& model, Basis& basis) const;

  std::vector<ZoneConfig> zones_;
  std::unordered_map<std::string, std::string> base_urls_;  // by provider
  std::string own_country_;
};

}  // namespace bastide::footprint
