// Calls as Prometheus figures, by model and provider.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/metrics.h"
#include "policy/usage.h"

namespace bastide::observe {

using WordText = std::function<std::string(policy::Word)>;

/// bastide_calls_total{model,provider,outcome}, bastide_call_tokens_total{model,provider,kind},
/// bastide_call_nanocost_total, bastide_call_failovers_total, bastide_call_hedges_lost_total,
/// bastide_call_seconds, bastide_call_first_token_seconds. One thread at a time.
class CallMetrics {
 public:
  /// Models beyond so many are counted together as "other".
  static constexpr std::size_t models_max = 200;

  /// `metrics` outlives it.
  CallMetrics(Metrics& metrics, WordText text) : metrics_(metrics), text_(std::move(text)) {}
  void take(std::span<const policy::UsageRow> rows);

 private:
  struct Figures;
  Figures& figures(policy::Word model, policy::Word provider);

  Metrics& metrics_;
  const WordText text_;
  std::map<std::pair<policy::Word, policy::Word>, std::shared_ptr<Figures>> known_;
  std::shared_ptr<Figures> other_;
};

/// How a call ended: ok, cancelled (the client left), refused (by the house or for what was asked) or failed.
[[nodiscard]] std::string_view outcome_of(const policy::UsageRow& row);

/// A value of a Prometheus label, without the quotes around it.
[[nodiscard]] std::string label_text(std::string_view text);

}  // namespace bastide::observe
