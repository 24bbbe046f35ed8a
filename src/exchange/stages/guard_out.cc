// 10. While the answer streams: pseudonyms are restored, and where the answer must hold to passages each
// sentence is checked before it is shown. A sentence that no passage supports is withheld; when most of what
// was claimed is, the whole answer gives way to quotes.
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "exchange/prompt.h"
#include "exchange/quoting.h"
#include "exchange/restored_events.h"
#include "exchange/sentence_stream.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t answer_bytes_max = 4 * 1024 * 1024;

std::size_t written_by(const dialects::StreamEvent& event) {
  if (const auto* text = std::get_if<dialects::TextDelta>(&event)) return text->text.size();
  if (const auto* thought = std::get_if<dialects::ReasoningDelta>(&event)) return thought->text.size();
  const auto* arguments = std::get_if<dialects::ArgumentsDelta>(&event);
  return arguments ? arguments->text.size() : 0;
}

class GuardOut final : public Stage {
 public:
  explicit GuardOut(Knowledge& knowledge) : knowledge_(knowledge) {}
  [[nodiscard]] std::string_view name() const override { return "guard_out"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.quoting) {
      trace.decision = exchange.quoting_why == "nothing_found" ? "nothing_found" : "quotes";
      trace.reasons.push_back(fmt::format("{} sentences quoted word for word.", exchange.citations.size()));
      co_return Result<void>{};
    }
    auto streamed = co_await stream(exchange);
    // The completion ends here in every case: destroying it tells the model to stop.
    exchange.computed = exchange.completion->computed();
    exchange.completion.reset();
    if (!streamed) co_return streamed;

    if (exchange.restorer && exchange.restorer->unresolved() > 0)
      trace.reasons.push_back(
          fmt::format("{} pseudonyms could not be restored.", exchange.restorer->unresolved()));
    if (exchange.retrieval.passages.empty()) {
      trace.decision = "passed";
      co_return Result<void>{};
    }
    trace.reasons.push_back(fmt::format("{} of {} claims hold to a passage, {} withheld.",
                                        exchange.citations_kept, exchange.citations_checked,
                                        exchange.claims_withheld));
    bool cancelled = exchange.finish == Finish::cancelled;
    if (!cancelled && (exchange.citations_kept == 0 || exchange.claims_withheld > exchange.citations_kept)) {
      exchange.quoting = true;
      exchange.quoting_why = "not_supported";
      trace.decision = "replaced_by_quotes";
      auto quoted = co_await answer_with_quotes(exchange, knowledge_);
      co_return quoted;
    }
    trace.decision = exchange.claims_withheld == 0 ? "supported" : "partly_withheld";
    if (exchange.claims_withheld > 0 && !cancelled) {
      auto told = co_await show(exchange, note_of_withheld(exchange));
      co_return told;
    }
    co_return Result<void>{};
  }

 private:
  static std::string note_of_withheld(const Exchange& exchange) {
    auto n = exchange.claims_withheld;
    if (exchange.ask.language == "fr")
      return n == 1 ? "\n\n*Une phrase du modèle a été retenue : aucun passage ne la soutient.*"
                    : fmt::format(
                          "\n\n*{} phrases du modèle ont été retenues : aucun passage ne les soutient.*", n);
    return n == 1
               ? "\n\n*One sentence of the model was withheld: no passage supports it.*"
               : fmt::format("\n\n*{} sentences of the model were withheld: no passage supports them.*", n);
  }

  [[nodiscard]] static Task<Result<void>> show(Exchange& exchange, std::string text) {
    if (text.empty()) co_return Result<void>{};
    exchange.answer += text;
    if (!exchange.sink) co_return Result<void>{};
    auto told = co_await exchange.sink->on_text(std::move(text));
    co_return told;
  }

  // One sentence against the passages: shown with its citations put right, or withheld.
  [[nodiscard]] Task<Result<void>> judge(Exchange& exchange, std::string sentence) const {
    auto check = knowledge_.check(sentence, question_of(exchange.ask), exchange.retrieval.passages);
    if (check.is_claim) {
      ++exchange.citations_checked;
      if (!check.supported) {
        ++exchange.claims_withheld;
        co_return Result<void>{};
      }
      ++exchange.citations_kept;
      for (auto& citation : check.citations) {
        bool known = false;
        for (const auto& other : exchange.citations) known = known || other.marker == citation.marker;
        if (known) continue;
        exchange.citations.push_back(citation);
        if (!exchange.sink) continue;
        auto told = co_await exchange.sink->on_citation(citation);
        if (!told) co_return told;
      }
    }
    auto shown = co_await show(exchange, std::move(check.text));
    co_return shown;
  }

  [[nodiscard]] Task<Result<void>> pass_on(Exchange& exchange, SentenceStream& sentences,
                                           std::string text) const {
    if (exchange.retrieval.passages.empty()) {
      auto shown = co_await show(exchange, std::move(text));
      co_return shown;
    }
    sentences.feed(text);
    while (auto sentence = sentences.next()) {
      auto judged = co_await judge(exchange, std::move(*sentence));
      if (!judged) co_return judged;
    }
    co_return Result<void>{};
  }

  [[nodiscard]] static Task<Result<void>> tell(Exchange& exchange, dialects::StreamEvent event) {
    if (!exchange.sink) co_return Result<void>{};
    auto told = co_await exchange.sink->on_event(std::move(event));
    co_return told;
  }

  // Reasoning is not checked against passages, so it is not shown where the answer must be.
  [[nodiscard]] static bool shows_thoughts(const Exchange& exchange) {
    return exchange.sink && exchange.retrieval.passages.empty();
  }

  [[nodiscard]] static Task<Result<void>> think(Exchange& exchange, dialects::ReasoningDelta thought) {
    if (!shows_thoughts(exchange) || thought.text.empty()) co_return Result<void>{};
    if (thought.summary >= 0) {
      auto told = co_await exchange.sink->on_event(std::move(thought));
      co_return told;
    }
    auto told = co_await exchange.sink->on_reasoning(std::move(thought.text));
    co_return told;
  }

  [[nodiscard]] Task<Result<void>> take(Exchange& exchange, SentenceStream& sentences,
                                        dialects::StreamEvent event) const {
    if (auto* piece = std::get_if<dialects::TextDelta>(&event)) {
      auto told = co_await pass_on(exchange, sentences, std::move(piece->text));
      co_return told;
    }
    if (auto* thought = std::get_if<dialects::ReasoningDelta>(&event)) {
      auto told = co_await think(exchange, std::move(*thought));
      co_return told;
    }
    if (const auto* begun = std::get_if<dialects::PartStart>(&event)) {
      const bool is_thought = std::holds_alternative<dialects::Reasoning>(begun->part.content);
      // What they hold follows; but a thought is known to its provider by its id.
      const bool is_known = is_thought && !begun->part.id.empty() && shows_thoughts(exchange);
      if ((is_thought && !is_known) || std::holds_alternative<dialects::Text>(begun->part.content))
        co_return Result<void>{};
    }
    auto told = co_await tell(exchange, std::move(event));
    co_return told;
  }

  /// What the model said last: true when it has ended.
  [[nodiscard]] Task<Result<bool>> hear(Exchange& exchange, SentenceStream& sentences,
                                        dialects::StreamEvent event) const {
    if (const auto* usage = std::get_if<dialects::UsageGiven>(&event)) {
      exchange.usage = usage_of(usage->usage);
    } else if (const auto* end = std::get_if<dialects::Finished>(&event)) {
      exchange.finish = end->finish;
      exchange.stop_sequence = end->stop_sequence;
    } else if (std::holds_alternative<dialects::End>(event)) {
      co_return true;
    } else if (!std::holds_alternative<dialects::Start>(event)) {
      auto told = co_await take(exchange, sentences, std::move(event));
      if (!told) co_return pass(told);
    }
    co_return false;
  }

  [[nodiscard]] Task<Result<void>> stream(Exchange& exchange) const {
    SentenceStream sentences;
    std::optional<RestoredEvents> restoring;
    if (exchange.restorer) restoring.emplace(*exchange.restorer);
    std::vector<dialects::StreamEvent> heard;
    bool finished = false;
    while (!finished) {
      auto event = co_await exchange.completion->next();
      if (!event) {
        if (exchange.stop.stop_requested() || event.error().code == Code::cancelled) {
          exchange.finish = Finish::cancelled;
          break;
        }
        co_return pass(event);
      }
      exchange.written_bytes += written_by(*event);
      heard.clear();
      if (!restoring)
        heard.push_back(std::move(*event));
      else if (auto fed = restoring->feed(std::move(*event), heard); !fed)
        co_return fed;
      for (auto& each : heard) {
        auto ended = co_await hear(exchange, sentences, std::move(each));
        if (ended) {
          finished = *ended;
          continue;
        }
        if (ended.error().code != Code::cancelled) co_return pass(ended);
        exchange.finish = Finish::cancelled;
        finished = true;
        break;
      }
      if (exchange.answer.size() > answer_bytes_max)
        co_return fail(Code::too_large, "The model's answer grew beyond 4 MB and was stopped.",
                       "answer_too_long");
    }
    if (exchange.restorer) {  // of an answer that was cancelled
      auto told = co_await pass_on(exchange, sentences, exchange.restorer->finish());
      if (!told) co_return told;
    }
    auto rest = sentences.rest();
    if (!rest.empty() && exchange.finish != Finish::cancelled) {
      auto told = co_await judge(exchange, std::move(rest));
      if (!told) co_return told;
    }
    co_return Result<void>{};
  }

  Knowledge& knowledge_;
};
}  // namespace

std::unique_ptr<Stage> guard_out_stage(Knowledge& knowledge) { return std::make_unique<GuardOut>(knowledge); }

}  // namespace bastide::exchange
