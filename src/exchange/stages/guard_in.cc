// 4. What the question holds: personal data, secrets, attempts to mislead.

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <vector>

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
    Guard::Verdict verdict;
    if (wants_words(exchange.ask)) {
      verdict = guard_.inspect(question_of(exchange.ask));
      auto documents = co_await inspect_all(documents_of(exchange.ask));
      join(verdict, std::move(documents));
    } else {
      verdict = co_await inspect_all(exchange.ask.messages);
    }
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
  /// The documents that came as text with the question, a message each.
  [[nodiscard]] static std::vector<Message> documents_of(const Ask& ask) {
    std::vector<Message> out;
    const auto last =
        std::ranges::find(ask.messages.rbegin(), ask.messages.rend(), Role::user, &Message::role);
    if (last == ask.messages.rend()) return out;
    for (const auto& part : last->parts)
      if (const auto* media = std::get_if<dialects::Media>(&part.content); media && !media->text.empty())
        out.push_back(dialects::text_message(Role::user, media->text));
    return out;
  }

  static void join(Guard::Verdict& all, Guard::Verdict one) {
    constexpr std::array<std::string_view, 4> severity{"allow", "mask", "warn", "block"};
    if (std::ranges::find(severity, one.decision) > std::ranges::find(severity, all.decision)) {
      all.decision = std::move(one.decision);
      all.reasons = std::move(one.reasons);
    }
    std::ranges::move(one.findings, std::back_inserter(all.findings));
  }

  /// Each of many texts, which may be thousands: others get their turn meanwhile.
  [[nodiscard]] Task<Guard::Verdict> inspect_all(std::vector<Message> messages) const {
    constexpr std::size_t bytes_a_turn = 64 * 1024;
    Guard::Verdict all{"allow", {}, {}};
    std::size_t bytes = 0;
    for (const auto& message : messages) {
      const auto text = text_of(message);
      join(all, guard_.inspect(text));
      bytes += text.size();
      if (bytes < bytes_a_turn) continue;
      bytes = 0;
      co_await sleep_for(Millis(0));
    }
    co_return all;
  }

  const Guard& guard_;
};
}  // namespace

std::unique_ptr<Stage> guard_in_stage(const Guard& guard) { return std::make_unique<GuardIn>(guard); }

}  // namespace bastide::exchange
