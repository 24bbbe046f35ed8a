// One provider's turn: its queue, its keys, the bytes there and back.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialects/codec.h"
#include "gateway/key_watch.h"
#include "gateway/meter.h"
#include "gateway/passing.h"

namespace bastide::gateway {
namespace {

constexpr Millis connect_timeout{5'000};
constexpr int client_left = 499;  // as a status in the usage log: the caller went away

// What of a client's head concerns the provider.
void add_client_fields(dialects::Dialect dialect, const net::Headers& headers,
                       const std::optional<observe::Traces::Begun>& trace, std::string& head) {
  static constexpr std::array<std::string_view, 6> passed{"accept",      "openai-beta", "anthropic-beta",
                                                          "traceparent", "tracestate",  "anthropic-version"};
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
  if (dialect == dialects::Dialect::anthropic && !headers.find("anthropic-version"))
    head += "anthropic-version: 2023-06-01\r\n";
}

// OpenAI's servers count a stream only when asked to; unasked, the call would have to be guessed at.
constexpr std::string_view ask_usage = R"(,"stream_options":{"include_usage":true})";
bool must_ask_usage(dialects::Dialect dialect, const dialects::ChatHead& head, std::string_view body) {
  return dialect == dialects::Dialect::openai && head.stream && !head.include_usage &&
         body.find("\"stream_options\"") == std::string_view::npos;
}

}  // namespace

std::string Gateway::head_lines(const Passing& passing) {
  auto lines = rate_lines(*passing.account, passing.dialect, passing.begun);
  if (passing.cache_key) lines += "x-bastide-cache: miss\r\n";
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
      const auto wait = turn.kept.headers.find("retry-after");
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
  const auto& upstream = *plan.upstream;
  const std::string_view body = passing.body;
  const auto& asked = passing.head;
  const bool asks_usage = must_ask_usage(passing.dialect, asked, body);
  auto model = asked.model_bytes > 0 ? plan.upstream_json : std::string();  // else it stands in the path
  if (asks_usage) model += ask_usage;
  if (passing.cap > 0) model += fmt::format(",\"{}\":{}", upstream.limit_field, passing.cap);
  const auto length = body.size() - asked.model_bytes + model.size();
  constexpr std::size_t head_bytes_usual = 512;
  std::string head;
  head.reserve(head_bytes_usual);
  head += "POST ";
  head += upstream.target->path();
  head += passing.codec.request_path(plan.card.upstream, asked.stream);
  head += " HTTP/1.1\r\n";
  head += upstream.head;
  head += "Content-Length: ";
  head += std::to_string(length);
  head += "\r\n";
  if (!key->empty()) {
    head += upstream.key_field;
    head += *key;
    head += "\r\n";
  }
  add_client_fields(passing.dialect, http.request().headers, passing.trace, head);
  head += "\r\n";
  Meter meter(passing.dialect, asked.stream, asks_usage ? Meter::UsageEvent::hide : Meter::UsageEvent::show,
              passing.exchange, head_lines(passing), desk().scanner);
  if (passing.cache_key) meter.keep_copy(AnswerCache::answer_bytes_max);
  net::RelayRequest request{
      *upstream.target,
      head,
      {body.substr(0, asked.model_at), model, body.substr(asked.model_at + asked.model_bytes)},
      connect_timeout,
      upstream.timeout,
      upstream.timeout};
  auto relayed = co_await http.relay(rooms_.client, request, meter);
  const auto* broken = !relayed          ? &relayed.error()
                       : relayed->broken ? &*relayed->broken
                       : meter.fault()   ? &*meter.fault()
                                         : nullptr;
  const bool passed_on = relayed && relayed->passed_on;
  if (broken && broken->code == Code::cancelled) {
    settle(passing, passed_on ? &meter : nullptr, {client_left, "client_left"});
    co_return Turn{Turn::What::answered, {}, {}};
  }
  const bool key_over = broken && broken->detail == KeyWatched::detail;
  if (key_over && !passed_on) co_return Turn{Turn::What::key_over, *broken, {}};
  if (passed_on) {
    if (broken && !key_over)
      upstream.health.failed(Steady::now());
    else
      upstream.health.succeeded();
    if (passing.cache_key && !broken && &plan == passing.asked)
      if (auto copy = meter.take_copy())
        cache_->put(*passing.cache_key,
                    {std::move(copy->content_type), std::move(copy->body), Steady::now()});
    settle(passing, &meter, {relayed->status, broken ? std::string_view(broken->detail) : ""});
    co_return Turn{Turn::What::answered, {}, {}};
  }
  if (broken && broken->detail == Meter::streams_only) co_return Turn{Turn::What::streams_only, {}, {}};
  if (broken) co_return Turn{Turn::What::failed, *broken, {}};
  co_return judge(std::move(*relayed));
}

// An answer that was kept, because its status says that it is none.
Gateway::Turn Gateway::judge(net::Relayed kept) {
  const int status = kept.status;
  // Google answers 400 to a key that it does not know.
  const bool key_refused = status == 401 || status == 403 ||
                           (status == 400 && kept.body.find("API key not valid") != std::string::npos);
  const bool redirects = status >= 300 && status < 400;
  const auto what = status == 429                                 ? Turn::What::key_limited
                    : key_refused                                 ? Turn::What::key_refused
                    : status == 408 || status >= 500 || redirects ? Turn::What::failed
                                                                  : Turn::What::rejected;
  Turn turn{what, {}, std::move(kept)};
  if (key_refused || redirects)
    turn.error = Error{Code::upstream, "The provider does not accept the organisation's key or address.",
                       "provider_key", "Tell an administrator."};
  else if (!turn.kept.headers.find("content-type").value_or("").starts_with("application/json"))
    turn.error = Error{Code::upstream, "The provider failed to answer.", "provider_failed", "Try again."};
  return turn;
}

}  // namespace bastide::gateway
