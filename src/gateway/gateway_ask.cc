// One provider's turn: its queue, its keys, the bytes there and back.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "dialects/codec.h"
#include "gateway/key_watch.h"
#include "gateway/meter.h"
#include "gateway/passing.h"
#include "gateway/translator.h"

namespace bastide::gateway {
namespace {

using dialects::Dialect;

constexpr Millis connect_timeout{5'000};
constexpr Millis silence_max{10'000};  // of a stream: proxies and clients give up on longer ones
constexpr int client_left = 499;       // as a status in the usage log: the caller went away

// What of a client's head concerns the provider: where both speak one dialect, its words on the dialect too.
void add_client_fields(Dialect caller, Dialect dialect, const net::Headers& headers,
                       const std::optional<observe::Traces::Begun>& trace, std::string& head) {
  static constexpr std::array<std::string_view, 6> all{"traceparent", "tracestate",     "accept",
                                                       "openai-beta", "anthropic-beta", "anthropic-version"};
  constexpr std::size_t of_any_dialect = 2;
  const auto passed = std::span(all).first(caller == dialect ? all.size() : of_any_dialect);
  if (trace) head += "traceparent: " + observe::traceparent(trace->context) + "\r\n";
  for (const auto& field : headers.all())
    if (trace && equal_ignoring_ascii_case("traceparent", field.name)) {
      continue;
    } else if (std::ranges::any_of(passed,
                                   [&](auto one) { return equal_ignoring_ascii_case(one, field.name); })) {
      head += field.name;
      head += ": ";
      head += field.value;
      head += "\r\n";
    }
  // Anthropic's server demands one; what speaks to us without an SDK may not know.
  if (dialect == Dialect::anthropic && (caller != dialect || !headers.find("anthropic-version")))
    head += "anthropic-version: 2023-06-01\r\n";
}

std::string request_head(const Gateway::Passing& passing, const Plan& plan, const std::string& key,
                         const net::Headers& client, std::size_t body_bytes) {
  constexpr std::size_t head_bytes_usual = 512;
  const auto& upstream = *plan.upstream;
  std::string head;
  head.reserve(head_bytes_usual);
  head += "POST ";
  head += upstream.target->path();
  const auto& codec =
      upstream.dialect == passing.dialect ? passing.codec : dialects::codec_of(upstream.dialect);
  head += codec.request_path(plan.card.upstream, passing.head.stream);
  head += " HTTP/1.1\r\n";
  head += upstream.head;
  head += "Content-Length: ";
  head += std::to_string(body_bytes);
  head += "\r\n";
  if (!key.empty()) {
    head += upstream.key_field;
    head += key;
    head += "\r\n";
  }
  add_client_fields(passing.dialect, upstream.dialect, client, passing.trace, head);
  head += "\r\n";
  return head;
}

// OpenAI's servers count a stream only when asked to; unasked, the call would have to be guessed at.
constexpr std::string_view ask_usage = R"(,"stream_options":{"include_usage":true})";
bool must_ask_usage(Dialect dialect, const dialects::ChatHead& head, std::string_view body) {
  return dialect == dialects::Dialect::openai && head.stream && !head.include_usage &&
         body.find("\"stream_options\"") == std::string_view::npos;
}

}  // namespace

std::string Gateway::head_lines(const Passing& passing) {
  auto lines = rate_lines(*passing.account, passing.dialect, passing.begun);
  lines += "x-bastide-exchange: ";
  lines += passing.exchange;
  lines += "\r\n";
  if (passing.cache_key) lines += "x-bastide-cache: miss\r\n";
  if (passing.translated.plan && !passing.translated.warning.empty())
    lines += "x-bastide-warning: " + passing.translated.warning + "\r\n";
  return lines;
}

Task<Gateway::Turn> Gateway::ask_with_keys(net::ServerCall& http, Passing& passing, const Plan& plan,
                                           KeyRing::Urgency urgency) const {
  constexpr int keys_tried_max = 3;
  auto& ring = *plan.upstream->keys;
  Turn turn;
  FairGates::Places places;
  if (plan.gate || plan.upstream->gate) {
    const auto kind = static_cast<FairGate::Kind>(passing.who.priority);
    auto entered = co_await FairGates::enter(plan.gate, plan.upstream->gate, kind);
    if (!entered) co_return Turn{Turn::What::busy, std::move(entered.error()), {}};
    places = std::move(*entered);
  }
  for (int i = 0; i < keys_tried_max; ++i) {
    const auto now = Steady::now();
    // A second try is for another key only.
    auto key = ring.pick(plan.rests, i == 0 ? urgency : KeyRing::Urgency::others_may_answer, now);
    if (!key) {
      if (i == 0) turn = {Turn::What::key_limited, ring.why_none(plan.rests, now), {}};
      break;
    }
    const auto index = key->index;
    turn = co_await ask(http, passing, plan, std::move(key->secret));
    if (turn.what == Turn::What::key_refused) {
      ring.refused(index, Steady::now());
    } else if (turn.what == Turn::What::key_limited) {
      const auto wait = turn.kept->headers.find("retry-after");
      plan.rests.limited(index, wait ? retry_after_of(*wait, now_ms()) : std::nullopt, Steady::now());
    } else {
      if (turn.what != Turn::What::failed && turn.what != Turn::What::key_over) ring.accepted(index);
      break;
    }
    if (ring.size() == 1) break;
  }
  co_return turn;
}

Task<Gateway::Turn> Gateway::ask(net::ServerCall& http, Passing& passing, const Plan& plan,
                                 std::shared_ptr<const std::string> key) const {
  if (!translate(passing, plan)) co_return Turn{Turn::What::needs_stages, {}, {}};
  const auto& upstream = *plan.upstream;
  const auto& asked = passing.head;
  const bool translates = !passing.passes_as_bytes(plan);
  std::optional<Meter> meter;
  std::unique_ptr<Translator> translator;  // apart: most calls need none, and a stream holds this frame
  AnswerReader* answer = nullptr;
  std::string model;  // what stands in the place of the caller's word for the model
  std::array<std::string_view, 3> body;
  if (translates) {
    body[0] = passing.translated.body;
    const bool tells_usage = passing.neutral->include_usage.value_or(passing.dialect != Dialect::openai);
    translator = std::make_unique<Translator>(
        dialects::codec_of(upstream.dialect), passing.codec,
        Translator::Wanted{asked.stream, tells_usage, passing.exchange, plan.card.id, head_lines(passing),
                           asked.input_tokens_max / 2, passing.begun.wall / 1000},
        passing.restorer.get());
    answer = translator.get();
  } else {
    const std::string_view given = passing.body;
    const bool asks_usage = must_ask_usage(passing.dialect, asked, given);
    if (asked.model_bytes > 0) model = plan.upstream_json;  // else it stands in the path
    if (asks_usage) model += ask_usage;
    if (passing.cap > 0) model += fmt::format(",\"{}\":{}", passing.limit_field(plan), passing.cap);
    body = {given.substr(0, asked.model_at), model, given.substr(asked.model_at + asked.model_bytes)};
    answer = &meter.emplace(passing.dialect, asked.stream,
                            asks_usage ? Meter::UsageEvent::hide : Meter::UsageEvent::show,
                            head_lines(passing), desk().scanner);
  }
  const auto head = request_head(passing, plan, *key, http.request().headers,
                                 body[0].size() + body[1].size() + body[2].size());
  if (passing.cache_key) answer->keep_copy(AnswerCache::answer_bytes_max);
  net::RelayRequest request{*upstream.target, head, body, connect_timeout, upstream.timeout,
                            upstream.timeout};
  if (translates) {
    request.kept_bytes_max = Translator::answer_bytes_max;
    request.silence_max = silence_max;
  }
  auto relayed = co_await http.relay(rooms_.client, request, *answer);
  const auto* broken = !relayed          ? &relayed.error()
                       : relayed->broken ? &*relayed->broken
                       : answer->fault() ? &*answer->fault()
                                         : nullptr;
  const bool passed_on = relayed && relayed->passed_on;
  if (broken && broken->code == Code::cancelled) {
    settle(passing, passed_on ? answer : nullptr, {client_left, "client_left"});
    co_return Turn{Turn::What::answered, {}, {}};
  }
  const bool key_over = broken && broken->detail == KeyWatched::detail;
  if (key_over && !passed_on) co_return Turn{Turn::What::key_over, *broken, {}};
  if (passed_on) {
    if (broken && !key_over)
      upstream.health.failed(Steady::now());
    else
      upstream.health.succeeded();
    if (!broken) keep_copy(passing, plan, *answer);
    settle(passing, answer, {relayed->status, broken ? std::string_view(broken->detail) : ""});
    co_return Turn{Turn::What::answered, {}, {}};
  }
  if (broken && broken->detail == AnswerReader::streams_only)
    co_return Turn{Turn::What::needs_stages, {}, {}};
  if (broken) co_return Turn{Turn::What::failed, *broken, {}};
  if (translates && relayed->status == 200) {
    auto given = co_await give_whole(http, passing, plan, *translator, relayed->body);
    co_return given;
  }
  auto turn = judge(std::move(*relayed));
  if (translates) put_in_words(turn, plan);
  co_return turn;
}

void Gateway::keep_copy(const Passing& passing, const Plan& plan, AnswerReader& answer) const {
  if (!passing.cache_key || &plan != passing.asked) return;
  if (auto copy = answer.take_copy())
    cache_->put(*passing.cache_key, {std::move(copy->content_type), std::move(copy->body), Steady::now()});
}

// An answer that was kept, because its status says that it is none.
Gateway::Turn Gateway::judge(net::Relayed answer) {
  const int status = answer.status;
  // Google answers 400 to a key that it does not know.
  const bool key_refused = status == 401 || status == 403 ||
                           (status == 400 && answer.body.find("API key not valid") != std::string::npos);
  const bool redirects = status >= 300 && status < 400;
  const auto what = status == 429                                 ? Turn::What::key_limited
                    : key_refused                                 ? Turn::What::key_refused
                    : status == 408 || status >= 500 || redirects ? Turn::What::failed
                                                                  : Turn::What::rejected;
  Turn turn{what, {}, std::make_unique<net::Relayed>(std::move(answer))};
  if (key_refused || redirects)
    turn.error = Error{Code::upstream, "The provider does not accept the organisation's key or address.",
                       "provider_key", "Tell an administrator."};
  else if (!turn.kept->headers.find("content-type").value_or("").starts_with("application/json"))
    turn.error = Error{Code::upstream, "The provider failed to answer.", "provider_failed", "Try again."};
  return turn;
}

}  // namespace bastide::gateway
