#include "observe/call_metrics.h"

#include <fmt/format.h>

#include <array>

namespace bastide::observe {
namespace {

constexpr int client_left = 499;
constexpr int first_server_error = 500;
constexpr std::array<std::string_view, 4> outcomes{"ok", "cancelled", "refused", "failed"};

std::size_t outcome_index(const policy::UsageRow& row) {
  if (row.status == client_left) return 1;
  if (row.status >= first_server_error) return 3;
  if (row.status >= 400) return 2;
  return row.error == 0 ? 0 : 3;  // a stream that broke after its head
}

}  // namespace

std::string_view outcome_of(const policy::UsageRow& row) { return outcomes[outcome_index(row)]; }

std::string label_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

struct CallMetrics::Figures {
  Figures(Metrics& metrics, const std::string& labels)
      : cost(metrics.counter("bastide_call_nanocost_total",
                             "What calls cost, in 1e-9 of the organisation's currency.", labels)),
        failovers(metrics.counter("bastide_call_failovers_total", "Targets that failed before one answered.",
                                  labels)),
        hedges_lost(metrics.counter("bastide_call_hedges_lost_total",
                                    "Calls given up because a model that was asked beside answered first.",
                                    labels)),
        cache_hits(
            metrics.counter("bastide_call_cache_hits_total", "Calls answered from the cache.", labels)),
        seconds(metrics.histogram("bastide_call_seconds", "From a call's arrival to its end.", labels)),
        first_token(metrics.histogram("bastide_call_first_token_seconds",
                                      "From a call's arrival to the first byte of its answer.", labels)) {
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      calls[i] = &metrics.counter("bastide_calls_total", "Calls of models that have ended, by how.",
                                  fmt::format("{},outcome=\"{}\"", labels, outcomes[i]));
    constexpr std::array<std::string_view, 4> kinds{"input", "cached_input", "output", "reasoning"};
    for (std::size_t i = 0; i < kinds.size(); ++i)
      tokens[i] = &metrics.counter("bastide_call_tokens_total",
                                   "Tokens of calls: input holds cached_input, output holds reasoning.",
                                   fmt::format("{},kind=\"{}\"", labels, kinds[i]));
  }
  std::array<Counter*, outcomes.size()> calls{};
  std::array<Counter*, 4> tokens{};
  Counter& cost;
  Counter& failovers;
  Counter& hedges_lost;
  Counter& cache_hits;
  Histogram& seconds;
  Histogram& first_token;
};

CallMetrics::Figures& CallMetrics::figures(policy::Word model, policy::Word provider) {
  if (const auto found = known_.find({model, provider}); found != known_.end()) return *found->second;
  const auto make = [&](const std::string& name, const std::string& of) {
    return std::make_shared<Figures>(
        metrics_, fmt::format("model=\"{}\",provider=\"{}\"", label_text(name), label_text(of)));
  };
  if (known_.size() < models_max) return *(known_[{model, provider}] = make(text_(model), text_(provider)));
  if (!other_) other_ = make("other", "other");
  return *other_;
}

void CallMetrics::take(std::span<const policy::UsageRow> rows) {
  for (const auto& row : rows) {
    auto& figures_of_model = figures(row.model, row.provider);
    figures_of_model.calls[outcome_index(row)]->add();
    figures_of_model.tokens[0]->add(row.input);
    figures_of_model.tokens[1]->add(row.cached_input);
    figures_of_model.tokens[2]->add(row.output);
    figures_of_model.tokens[3]->add(row.reasoning);
    figures_of_model.cost.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.nano_money)));
    figures_of_model.failovers.add(row.failovers);
    if (row.status == client_left && text_(row.error) == policy::hedge_lost)
      figures_of_model.hedges_lost.add();
    if (row.flags & policy::usage_flag::cache_hit) figures_of_model.cache_hits.add();
    figures_of_model.seconds.observe(row.latency_us / 1e6);
    if (row.first_token_us > 0) figures_of_model.first_token.observe(row.first_token_us / 1e6);
  }
}

}  // namespace bastide::observe
