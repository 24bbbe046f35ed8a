// The receipt as JSON: GET /api/exchanges/{id} of interface.md. It tells decisions, never content: the
// question and the answer stay in the conversation, quotes in their documents.
#include <cmath>

#include "base/json.h"
#include "exchange/citation_json.h"
#include "exchange/exchange.h"

namespace bastide::exchange {
namespace {

std::string_view finish_name(Finish finish) {
  switch (finish) {
    case Finish::length:
      return "length";
    case Finish::cancelled:
      return "stopped";
    case Finish::refusal:
    case Finish::filter:
      return "refused";
    case Finish::interrupted:
      return "interrupted";
    case Finish::tool_calls:
      return "tool_calls";
    case Finish::context_length:
      return "length";
    default:
      return "stop";
  }
}

void write_stages(JsonWriter& json, const std::vector<StageTrace>& trace) {
  json.key("stages").array();
  for (const auto& stage : trace) {
    json.object().field("name", stage.name).field("decision", stage.decision).key("reasons").array();
    for (const auto& reason : stage.reasons) json.value(reason);
    json.end();
    if (!stage.detail_json.empty()) json.key("detail").raw(stage.detail_json);
    json.field("took_us", stage.took_us).end();
  }
  json.end();
}

void write_route(JsonWriter& json, const Exchange& exchange) {
  json.key("route").object();
  json.key("chosen");
  exchange.model.id.empty() ? json.null() : json.value(exchange.model.id);
  json.field("name", exchange.model.name).field("zone", exchange.model.zone).key("candidates").array();
  for (const auto& candidate : exchange.candidates)
    json.object()
        .field("model", candidate.model)
        .field("allowed", candidate.allowed)
        .field("reason", candidate.reason)
        .field("text", candidate.text)
        .end();
  json.end().end();
}

void write_guard(JsonWriter& json, const Exchange& exchange) {
  json.key("guard").object().key("findings").array();
  for (const auto& finding : exchange.findings)
    json.object()
        .field("type", finding.type)
        .field("start", finding.start)
        .field("end", finding.end)
        .field("score", finding.score)
        .field("rule", finding.rule)
        .end();
  json.end().key("masked").array();
  for (const auto& masked : exchange.masked)
    json.object().field("type", masked.type).field("token", masked.token).end();
  json.end().end();
}

/// To a tenth: more would not hold for the next answer.
double rounded(double tokens_per_s) { return std::round(tokens_per_s * 10) / 10; }

void write_measures(JsonWriter& json, const Exchange& exchange) {
  const auto& usage = exchange.usage;
  json.key("tokens")
      .object()
      .field("input", usage.input_tokens)
      .field("output", usage.output_tokens)
      .field("cached_input", usage.cached_input_tokens)
      .field("estimated", usage.estimated)
      .end();
  json.key("cost")
      .object()
      .field("amount", exchange.cost)
      .field("known", exchange.cost_known)
      .field("estimated", exchange.cost_estimated)
      .end();
  if (const auto& speed = exchange.computed.speed) {
    json.key("speed").object().field("queue_ms", std::round(speed->queue_s * 1000));
    json.field("prompt_tokens_per_s", rounded(speed->prompt));
    json.field("output_tokens_per_s", rounded(speed->answer)).end();
  }
  const auto& energy = exchange.energy;
  json.key("energy")
      .object()
      .field("wh_low", energy.wh_low)
      .field("wh_high", energy.wh_high)
      .field("gco2e_low", energy.gco2e_low)
      .field("gco2e_high", energy.gco2e_high)
      .field("litres_low", energy.litres_low)
      .field("litres_high", energy.litres_high)
      .field("method", energy.method)
      .field("basis", energy.basis)
      .key("assumed")
      .array();
  for (const auto& each : energy.assumed) json.value(each);
  json.end().end();
}

void write_citations(JsonWriter& json, const Exchange& exchange) {
  json.key("citations").array();
  for (const auto& citation : exchange.citations) write_citation(json, citation);
  json.end();
  json.key("checked")
      .object()
      .field("claims", exchange.citations_checked)
      .field("supported", exchange.citations_kept)
      .field("withheld", exchange.claims_withheld)
      .end();
}
}  // namespace

std::string receipt_json(const Exchange& exchange, const policy::Labels& labels, const Error* error) {
  JsonWriter json;
  json.object()
      .field("exchange", exchange.id)
      .field("started_at", rfc3339(exchange.started_at))
      .field("took_ms", exchange.took_ms < 0 ? now_ms() - exchange.started_at : exchange.took_ms)
      .field("first_token_ms", static_cast<double>(exchange.first_token_us) / 1000.0)
      .field("door", exchange.ask.door)
      .field("conversation", exchange.ask.conversation)
      .field("finish", finish_name(exchange.finish))
      .field("label", labels.id(exchange.label))
      .key("label_reasons")
      .array();
  for (const auto& reason : exchange.label_reasons) json.value(reason);
  json.end();
  json.key("quoting");
  exchange.quoting ? json.value(exchange.quoting_why) : json.null();
  write_stages(json, exchange.trace);
  write_route(json, exchange);
  write_guard(json, exchange);
  write_measures(json, exchange);
  write_citations(json, exchange);
  if (error)
    json.key("error").object().field("code", code_name(error->code)).field("detail", error->detail).end();
  return json.end().take();
}

}  // namespace bastide::exchange
