// 11. Tokens, cost, energy and every decision: the receipt and its leaf in the audit log, durable before the
// client is told that the answer is done.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class Record final : public Stage {
 public:
  explicit Record(const Rooms& rooms) : rooms_(rooms) {}
  [[nodiscard]] std::string_view name() const override { return "record"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    auto begun = Steady::now();
    measure(exchange);
    const auto cost = rooms_.admission.settle(exchange);
    exchange.cost = cost.amount;
    exchange.cost_known = cost.known;
    exchange.cost_estimated = cost.estimated;
    if (!exchange.span.empty()) rooms_.spans->end(exchange);
    trace.decision = "kept";
    if (const auto& computed = exchange.computed; computed.guessed_tokens > 0)
      trace.reasons.push_back(fmt::format("{} of {} tokens that were guessed ahead were right.",
                                          computed.guessed_right, computed.guessed_tokens));
    trace.reasons.push_back("The receipt and its leaf in the audit log are durable.");
    // The receipt holds its own stage and the delivery that follows, or it would not tell the whole way.
    StageTrace own = trace;
    own.name = name();
    own.took_us = std::chrono::duration_cast<Micros>(Steady::now() - begun).count();
    exchange.trace.push_back(own);
    exchange.trace.push_back({"deliver", "next", {"To " + exchange.ask.door + "."}, {}, 0});
    auto receipt = receipt_json(exchange, rooms_.labels);
    exchange.trace.resize(exchange.trace.size() - 2);
    auto kept = co_await rooms_.records.keep(exchange.id, exchange.who.person, std::move(receipt));
    if (!kept || exchange.error != code_name(Code::refused_by_policy)) co_return kept;
    // A refusal stands in the log in clear, for those who look after the rule and may not read receipts.
    auto noted = co_await rooms_.records.note("policy_refused", exchange.who.person, exchange.id,
                                              refusal_json(exchange));
    co_return noted;
  }

 private:
  [[nodiscard]] std::string refusal_json(const Exchange& exchange) const {
    JsonWriter json;
    json.object()
        .field("stage", exchange.trace.empty() ? "" : exchange.trace.back().name)
        .field("label", rooms_.labels.id(exchange.label))
        .end();
    return json.take();
  }

  void measure(Exchange& exchange) const {
    bool called = !exchange.model.id.empty() && exchange.first_token_us > 0;
    if (!called) return;
    auto& usage = exchange.usage;
    const bool by_other_measure = usage.audio_ms > 0 || usage.characters > 0;
    if (usage.input_tokens == 0 && usage.output_tokens == 0 && !by_other_measure) {
      usage.estimated = true;
      usage.input_tokens = rooms_.models.count_tokens(exchange.model, exchange.prompt);
      usage.output_tokens =
          static_cast<std::int64_t>(std::max(exchange.written_bytes, exchange.answer.size()) + 2) / 3;
    }
    auto latency_s = std::chrono::duration<double>(Steady::now() - exchange.begun).count();
    exchange.energy = rooms_.footprint.of(exchange.model, usage, latency_s, exchange.computed);
  }

  const Rooms rooms_;
};
}  // namespace

std::unique_ptr<Stage> record_stage(const Rooms& rooms) { return std::make_unique<Record>(rooms); }

}  // namespace bastide::exchange
