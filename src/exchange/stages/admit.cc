// 2. Limits, and budgets in requests and tokens, before anything costs. Money waits for the model: route.cc.
#include "exchange/prompt.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class Admit final : public Stage {
 public:
  explicit Admit(Admission& admission) : admission_(admission) {}
  [[nodiscard]] std::string_view name() const override { return "admit"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    auto tokens = estimate_tokens(exchange.ask.messages) + answer_tokens(exchange.ask);
    auto admitted = admission_.admit(exchange, tokens);
    if (!admitted) {
      trace.decision = "refused";
      co_return pass(admitted);
    }
    exchange.admitted = true;
    trace.decision = "admitted";
    trace.reasons = std::move(*admitted);
    co_return Result<void>{};
  }

 private:
  Admission& admission_;
};
}  // namespace

std::unique_ptr<Stage> admit_stage(Admission& admission) { return std::make_unique<Admit>(admission); }

}  // namespace bastide::exchange
