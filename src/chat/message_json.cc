#include "chat/message_json.h"

#include "base/error_text.h"

namespace bastide::chat {
namespace {

std::string_view place_name(policy::Place place) {
  switch (place) {
    case policy::Place::walls:
      return "walls";
    case policy::Place::zone:
      return "zone";
    case policy::Place::outside:
      return "outside";
  }
  return "outside";
}
}  // namespace

std::string_view state_name(MessageState state) {
  switch (state) {
    case MessageState::complete:
      return "complete";
    case MessageState::streaming:
      return "streaming";
    case MessageState::stopped:
      return "stopped";
    case MessageState::interrupted:
      return "interrupted";
    case MessageState::failed:
      return "failed";
    case MessageState::refused:
      return "refused";
  }
  return "failed";
}

void write_message(JsonWriter& json, const StoredMessage& message) {
  json.object().field("id", message.id).key("parent");
  message.parent.empty() ? json.null() : json.value(message.parent);
  bool answer = message.speaker == Speaker::assistant;
  json.field("speaker", answer ? "assistant" : "user")
      .field("content", message.content)
      .field("state", state_name(message.state))
      .field("created_at", rfc3339(message.created_at));
  if (answer) {
    json.field("generated", true).field("exchange", message.exchange).field("stream", message.stream);
    // The kept object's fields become the message's own.
    std::string_view meta = message.meta_json;
    if (meta.size() > 2) json.fields(meta.substr(1, meta.size() - 2));
  }
  json.end();
}

std::string masked_json(const std::vector<exchange::Masked>& masked) {
  JsonWriter json;
  json.array();
  for (const auto& item : masked)
    json.object().field("type", item.type).field("token", item.token).field("original", item.original).end();
  return json.end().take();
}

std::string answer_meta(const exchange::Exchange& exchange, const policy::Labels& labels,
                        const policy::Router& router, std::string_view masked, const Error* error) {
  JsonWriter json;
  json.object().field("label", labels.id(exchange.label));
  // A model that was asked is named even where quotes took its answer's place: the question went there.
  if (!exchange.model.id.empty() && (!exchange.quoting || exchange.first_token_us > 0)) {
    json.field("model", exchange.model.id).field("model_name", exchange.model.name);
    json.key("place")
        .object()
        .field("kind", place_name(router.place(exchange.model.zone)))
        .field("zone", exchange.model.zone)
        .end();
  }
  json.key("citations").array();
  for (const auto& citation : exchange.citations) write_citation(json, citation);
  json.end();
  if (exchange.quoting) json.field("quoting", exchange.quoting_why);
  if (!masked.empty()) json.key("masked").raw(masked);
  json.key("usage")
      .object()
      .field("input_tokens", exchange.usage.input_tokens)
      .field("output_tokens", exchange.usage.output_tokens)
      .field("estimated", exchange.usage.estimated)
      .end();
  if (exchange.cost_known) json.field("cost", exchange.cost);
  const auto& energy = exchange.energy;
  json.key("energy")
      .object()
      .field("wh_low", energy.wh_low)
      .field("wh_high", energy.wh_high)
      .field("gco2e_low", energy.gco2e_low)
      .field("gco2e_high", energy.gco2e_high)
      .end();
  json.field("took_ms", now_ms() - exchange.started_at)
      .field("first_token_ms", static_cast<double>(exchange.first_token_us) / 1000.0);
  if (error) json.key("error").raw(error_json(exchange, labels, *error));
  return json.end().take();
}

std::string error_json(const exchange::Exchange& exchange, const policy::Labels& labels, const Error& error) {
  JsonWriter json;
  json.object()
      .field("code", code_name(error.code))
      .field("detail_code", error.detail)
      .field("status", http_status(error.code))
      .field("detail", error.message)
      .field("action", error.action);
  json.key("values");
  write_values(json, error.values);
  json.field("exchange", exchange.id).field("label", labels.id(exchange.label));
  if (error.code == Code::refused_by_policy) {
    json.key("candidates").array();
    for (const auto& candidate : exchange.candidates)
      json.object()
          .field("model", candidate.model)
          .field("allowed", candidate.allowed)
          .field("reason", candidate.reason)
          .field("text", candidate.text)
          .end();
    json.end();
  }
  return json.end().take();
}

}  // namespace bastide::chat
