// What a call came to: accounts, the usage log, its span.
#include <algorithm>

#include "gateway/passing.h"

namespace bastide::gateway {
namespace {

// As usage rows name dialects: 1 and on, in the configuration's order.
std::uint8_t code_of(dialects::Dialect dialect) {
  switch (dialect) {
    case dialects::Dialect::anthropic:
      return 2;
    case dialects::Dialect::gemini:
      return 3;
    case dialects::Dialect::mistral:
      return 4;
    default:
      return 1;
  }
}

// As the provider counted them; where nobody did, by what went over the wire.
policy::TokenClasses tokens_of(const dialects::ChatHead& head, const AnswerReader& answer) {
  policy::TokenClasses out;
  if (const auto& told = answer.usage()) {
    out.input = told->input;
    out.cached_input = told->cache_read;
    out.cache_write = told->cache_write_5m + told->cache_write_1h;
    out.audio_input = told->input_audio;
    out.image_input = told->input_image;
    out.output = told->output;
    out.reasoning = told->reasoning;
    out.audio_output = told->output_audio;
    out.image_output = told->output_image;
    return out;
  }
  out.input = head.input_tokens_max / 2;
  out.output = head.stream ? answer.events() : answer.content_bytes() / AnswerReader::bytes_per_token;
  return out;
}

std::uint32_t micros(Steady::duration span) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::chrono::duration_cast<Micros>(span).count(), 0, UINT32_MAX));
}

}  // namespace

void Gateway::settle(Passing& passing, const AnswerReader* answer, const Ending& ending) const {
  const auto now = passing.begun.later();
  policy::UsageRow row;
  row.at_ms = passing.begun.wall;
  row.set_exchange(passing.exchange);
  passing.account->describe(row);
  policy::Amounts actual;
  if (answer) {
    const auto& terms = passing.plan->terms(rooms_.accounts, passing.begun);
    const auto tokens = tokens_of(passing.head, *answer);
    actual = terms.spent(tokens, passing.begun.wall);
    actual.requests = 1;
    terms.describe(row, passing.begun.wall);
    row.set_tokens(tokens);
    row.nano_money = actual.nano_money;
    row.micro_wh_high = actual.micro_wh;
    row.micro_wh_low = std::min(actual.micro_wh, terms.micro_wh_low(tokens));
    if (passing.translated.plan == passing.plan && !passing.translated.warning.empty())
      row.flags |= policy::usage_flag::warned;
    if (!answer->usage()) row.flags |= policy::usage_flag::tokens_estimated;
    row.reason = passing.plan != passing.asked ? fallback_
                 : passing.alias               ? pool_reasons_[static_cast<std::size_t>(passing.why)]
                                               : chosen_;
    row.first_token_us = micros(answer->first_byte() - passing.begun.steady);
    counters_->first_byte.observe(static_cast<double>(row.first_token_us) / 1e6);
    auto& usual = passing.plan->usual_us;
    const auto before = usual.load(std::memory_order_relaxed);
    usual.store(before == 0 ? row.first_token_us : before - before / 8 + row.first_token_us / 8,
                std::memory_order_relaxed);
  } else if (passing.hit) {
    passing.plan->terms(rooms_.accounts, passing.begun).describe(row, passing.begun.wall);
    row.flags = policy::usage_flag::cache_hit;
    row.reason = cached_;
    actual.requests = 1;
  }
  passing.account->settle(passing.reservation, actual, now);
  row.model_asked = passing.asked->asked_word;
  row.label = label_;
  row.door = doors_[static_cast<std::size_t>(passing.dialect)];
  row.latency_us = micros(now.steady - passing.begun.steady);
  row.status = static_cast<std::uint16_t>(ending.status);
  row.set_found(passing.found_types);
  if (passing.restorer) row.flags |= policy::usage_flag::masked;
  row.failovers = static_cast<std::uint8_t>(std::min(passing.failovers, 255));
  row.dialect_in = code_of(passing.dialect);
  row.dialect_out = code_of(passing.plan->upstream->dialect);
  if (passing.head.stream) row.flags |= policy::usage_flag::streamed;
  if (!ending.error.empty()) row.error = rooms_.log.word(ending.error);
  if (passing.trace) trace(passing, row, ending);
  writer_of(rooms_.log).append(row);
}

void Gateway::trace(const Passing& passing, const policy::UsageRow& row, const Ending& ending) const {
  const auto& plan = *passing.plan;
  observe::CallSpan span;
  span.context = passing.trace->context;
  span.parent = passing.trace->parent;
  span.began_at = row.at_ms;
  span.took_us = row.latency_us;
  span.first_byte_us = row.first_token_us;
  span.exchange = passing.exchange;
  span.asked = passing.asked->card.id;
  span.model = row.model == 0 ? "" : plan.card.id;
  span.upstream = row.model == 0 ? "" : plan.card.upstream;
  span.dialect = dialects::dialect_name(plan.upstream->dialect);
  span.provider = plan.upstream->id;
  span.server = plan.upstream->target->authority();
  span.error = ending.error;
  span.status = ending.status;
  span.streamed = passing.head.stream;
  span.input_tokens = row.input;
  span.cached_input_tokens = row.cached_input;
  span.output_tokens = row.output;
  rooms_.traces->offer(std::move(span));
}

}  // namespace bastide::gateway
