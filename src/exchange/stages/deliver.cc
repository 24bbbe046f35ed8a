// 12. The end of the answer, where the person reads it.
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class Deliver final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const override { return "deliver"; }
  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    trace.decision = "delivered";
    if (!exchange.sink) co_return Result<void>{};
    auto told = co_await exchange.sink->on_done(exchange);
    co_return told;
  }
};
}  // namespace

std::unique_ptr<Stage> deliver_stage() { return std::make_unique<Deliver>(); }

}  // namespace bastide::exchange
