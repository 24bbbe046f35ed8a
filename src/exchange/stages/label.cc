// 3. How sensitive the question is: chosen, inherited from the conversation, or the organisation's default.
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class LabelQuestion final : public Stage {
 public:
  explicit LabelQuestion(const policy::Labels& labels) : labels_(labels) {}
  [[nodiscard]] std::string_view name() const override { return "label"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    auto& reasons = exchange.label_reasons;
    exchange.label = labels_.default_label();
    if (exchange.ask.label) {
      auto chosen = labels_.find(*exchange.ask.label);
      if (!chosen) co_return pass(chosen);
      exchange.label = *chosen;
      reasons.push_back("Chosen by the person.");
    } else {
      reasons.push_back("The organisation's default.");
    }
    if (exchange.ask.floor_label) {
      auto floor = labels_.find_or_highest(*exchange.ask.floor_label);
      if (floor > exchange.label) {
        exchange.label = floor;
        reasons.push_back("Raised to the label of what this conversation has read.");
      }
    }
    trace.decision = labels_.id(exchange.label);
    trace.reasons = reasons;
    co_return Result<void>{};
  }

 private:
  const policy::Labels& labels_;
};
}  // namespace

std::unique_ptr<Stage> label_stage(const policy::Labels& labels) {
  return std::make_unique<LabelQuestion>(labels);
}

}  // namespace bastide::exchange
