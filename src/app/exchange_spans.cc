#include "app/exchange_spans.h"

#include "dialects/configured.h"
#include "net/relay.h"

namespace bastide::app {

ExchangeSpans::ExchangeSpans(const Config& config, observe::Traces& traces) : traces_(traces) {
  for (const auto& provider : config.providers) {
    const auto target = net::RelayTarget::parse(provider.base_url);
    servers_[provider.id] = {std::string(dialects::dialect_name(dialects::spoken(provider.dialect))),
                             target ? (*target)->authority() : std::string()};
  }
}

std::string ExchangeSpans::begin(std::string_view traceparent) const {
  const auto begun = traces_.begin(traceparent);
  return begun ? observe::traceparent(begun->context) : std::string();
}

void ExchangeSpans::end(const exchange::Exchange& exchange) {
  const auto context = observe::parse_traceparent(exchange.span);
  if (!context) return;
  observe::CallSpan span;
  span.context = *context;
  span.parent = observe::parse_traceparent(exchange.ask.traceparent);
  span.began_at = exchange.started_at;
  span.took_us = std::chrono::duration_cast<Micros>(Steady::now() - exchange.begun).count();
  span.first_byte_us = exchange.first_token_us;
  span.exchange = exchange.id;
  // What a caller names is only told when the house knows it.
  for (const auto& candidate : exchange.candidates)
    if (candidate.model == exchange.ask.model) span.asked = candidate.model;
  if (policy::lets_choose(exchange.ask.model)) span.asked = "auto";
  if (exchange.first_token_us > 0) {
    span.model = exchange.model.id;
    span.upstream = exchange.model.upstream;
    span.provider = exchange.model.provider;
    if (const auto server = servers_.find(span.provider); server != servers_.end()) {
      span.dialect = server->second.dialect;
      span.server = server->second.authority;
    }
  }
  if (exchange.hedge) {
    span.hedge_after_ms = exchange.hedge->after.count();
    span.hedge_lost = exchange.hedge->lost.id;
  }
  span.error = exchange.error;
  span.status = exchange.status;
  span.streamed = exchange.ask.stream;
  span.input_tokens = exchange.usage.input_tokens;
  span.cached_input_tokens = exchange.usage.cached_input_tokens;
  span.output_tokens = exchange.usage.output_tokens;
  traces_.offer(std::move(span));
}

}  // namespace bastide::app
