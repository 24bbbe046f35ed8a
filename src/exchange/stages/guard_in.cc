// 4. What the question holds: personal data, secrets, attempts to mislead.

#include <map>

#include "base/json.h"
#include "exchange/prompt.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

class GuardIn final : public Stage {
 public:
  explicit GuardIn(const Guard& guard) : guard_(guard) {}
  [[nodiscard]] std::string_view name() const override { return "guard_in"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    using identity::GuardPolicy;
    // What leaves the walls is masked whatever the key says: that is another stage's.
    if (exchange.who.guard == GuardPolicy::off) {
      trace.decision = "off";
      trace.reasons.emplace_back("The key leaves the guard out.");
      co_return Result<void>{};
    }
    auto verdict = guard_.inspect(question_of(exchange.ask));
    exchange.findings = std::move(verdict.findings);
    trace.decision = verdict.decision;
    trace.reasons = std::move(verdict.reasons);
    std::map<std::string, int> counts;
    for (const auto& finding : exchange.findings) ++counts[finding.type];
    JsonWriter json;
    json.object().key("found").object();
    for (const auto& [type, count] : counts) json.field(type, count);
    trace.detail_json = json.end().end().take();
    if (verdict.decision == "block" && exchange.who.guard == GuardPolicy::observe) {
      trace.decision = "observed";
      trace.reasons.emplace_back("The guard would have refused; the key lets it observe only.");
      co_return Result<void>{};
    }
    if (verdict.decision == "block")
      co_return fail(Code::refused_by_policy, "The question was refused by a rule of the guard.",
                     "guard_blocked",
                     "Take out what the rule names, or ask an administrator to look at the rule.");
    co_return Result<void>{};
  }

 private:
  const Guard& guard_;
};
}  // namespace

std::unique_ptr<Stage> guard_in_stage(const Guard& guard) { return std::make_unique<GuardIn>(guard); }

}  // namespace bastide::exchange
