#include "exchange/event_sink.h"

#include "base/json.h"
#include "exchange/citation_json.h"

namespace bastide::exchange {
namespace {

std::string bastide_json(const Exchange& exchange, const policy::Labels& labels) {
  JsonWriter json;
  json.object().field("exchange", exchange.id).key("citations").array();
  for (const auto& citation : exchange.citations) write_citation(json, citation);
  json.end().field("label", labels.id(exchange.label));
  if (exchange.quoting) json.field("quoting", exchange.quoting_why);
  return json.field("generated", !exchange.quoting).end().take();
}

}  // namespace

Task<Result<void>> EventSink::close() {
  if (open_ == Open::nothing) co_return Result<void>{};
  open_ = Open::nothing;
  auto told = co_await tell(dialects::PartEnd{});
  co_return told;
}

Task<Result<void>> EventSink::open(Open kind) {
  if (open_ == kind) co_return Result<void>{};
  auto closed = co_await close();
  if (!closed) co_return closed;
  open_ = kind;
  dialects::PartStart start{0, parts_++, {}};
  if (kind == Open::thought) start.part.content = dialects::Reasoning{};
  auto told = co_await tell(std::move(start));
  co_return told;
}

void EventSink::begin_anew() {
  open_ = Open::nothing;
  parts_ = 0;
}

Task<Result<void>> EventSink::on_stage(const StageTrace&) { co_return Result<void>{}; }
Task<Result<void>> EventSink::on_masked(const std::vector<Masked>&) { co_return Result<void>{}; }
Task<Result<void>> EventSink::on_citation(const Citation&) { co_return Result<void>{}; }

Task<Result<void>> EventSink::on_text(std::string text) {
  auto opened = co_await open(Open::text);
  if (!opened) co_return opened;
  auto told = co_await tell(dialects::TextDelta{0, std::move(text)});
  co_return told;
}

Task<Result<void>> EventSink::on_reasoning(std::string text) {
  auto opened = co_await open(Open::thought);
  if (!opened) co_return opened;
  auto told = co_await tell(dialects::ReasoningDelta{0, std::move(text)});
  co_return told;
}

Task<Result<void>> EventSink::on_replace(std::string text, std::string) {
  auto told = co_await on_text("\n\n---\n\n" + text);
  co_return told;
}

Task<Result<void>> EventSink::on_event(dialects::StreamEvent event) {
  if (auto* start = std::get_if<dialects::PartStart>(&event)) {
    auto closed = co_await close();
    if (!closed) co_return closed;
    start->index = parts_++;
    open_ = std::holds_alternative<dialects::Reasoning>(start->part.content) ? Open::thought : Open::other;
  } else if (std::holds_alternative<dialects::PartEnd>(event)) {
    if (open_ == Open::nothing || open_ == Open::text) co_return Result<void>{};  // text may go on
    open_ = Open::nothing;
  } else if (std::holds_alternative<dialects::SignatureDelta>(event)) {
    // Gemini proves texts too.
    auto opened = co_await open(open_ == Open::text ? Open::text : Open::thought);
    if (!opened) co_return opened;
  } else if (std::holds_alternative<dialects::CitationAdded>(event)) {
    auto opened = co_await open(Open::text);
    if (!opened) co_return opened;
  } else if (std::holds_alternative<dialects::ReasoningDelta>(event)) {
    auto opened = co_await open(Open::thought);
    if (!opened) co_return opened;
  }
  auto told = co_await tell(std::move(event));
  co_return told;
}

Task<Result<void>> EventSink::tell_end(const Exchange& exchange, const policy::Labels& labels) {
  auto told = co_await close();
  if (!told) co_return told;
  told = co_await tell(
      dialects::Finished{0, exchange.finish, {}, exchange.stop_sequence, bastide_json(exchange, labels)});
  if (!told) co_return told;
  told = co_await tell(dialects::UsageGiven{usage_of(exchange.usage)});
  if (!told) co_return told;
  told = co_await tell(dialects::End{});
  co_return told;
}

}  // namespace bastide::exchange
