// 6. The prompt: instructions, passages, and as much of the history as fits.
#include <fmt/format.h>

#include "base/json.h"
#include "dialects/infill.h"
#include "exchange/prompt.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class Compose final : public Stage {
 public:
  explicit Compose(Models& models) : models_(models) {}
  [[nodiscard]] std::string_view name() const override { return "compose"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.quoting) {
      trace.decision = "none";
      trace.reasons.push_back("The answer will be quotes: no prompt is needed.");
      co_return Result<void>{};
    }
    if (dialects::form_of(exchange.ask) != dialects::Form::talk) {
      // Nothing may be left out in silence: a text that is too long is the model's to refuse.
      exchange.prompt = exchange.ask.messages;
      trace.decision = "as_it_came";
      co_return Result<void>{};
    }
    std::int64_t window = 0;
    for (const auto& card : models_.catalogue()) {
      if (!card.can("chat")) continue;
      bool named = card.id == exchange.ask.model;
      if (named || wants_any_model(exchange.ask)) window = std::max(window, card.context_tokens);
      if (named) break;
    }
    auto composed = compose_prompt(exchange.ask, exchange.retrieval.passages, window);
    if (!composed) co_return pass(composed);
    exchange.prompt = std::move(composed->messages);
    trace.decision = "composed";
    trace.reasons.push_back(fmt::format("About {} tokens: instructions and passages {}, conversation {}.",
                                        composed->tokens, composed->instruction_tokens,
                                        composed->tokens - composed->instruction_tokens));
    if (composed->turns_dropped > 0)
      trace.reasons.push_back(
          fmt::format("{} earlier messages did not fit and were left out.", composed->turns_dropped));
    JsonWriter json;
    trace.detail_json = json.object()
                            .field("tokens_estimated", composed->tokens)
                            .field("turns_dropped", composed->turns_dropped)
                            .end()
                            .take();
    co_return Result<void>{};
  }

 private:
  Models& models_;
};
}  // namespace

std::unique_ptr<Stage> compose_stage(Models& models) { return std::make_unique<Compose>(models); }

}  // namespace bastide::exchange
