#include "gateway/gateway.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "dialects/codec.h"
#include "gateway/meter.h"
#include "gateway/texts.h"
#include "policy/rate_headers.h"

namespace bastide::gateway {
namespace {

constexpr std::size_t tries_max = 4;
constexpr Millis connect_timeout{5'000};
constexpr int client_left = 499;                      // as a status in the usage log: the caller went away
constexpr std::int64_t answer_tokens_default = 1024;  // what is reserved when the caller sets no limit
constexpr std::int64_t bytes_per_token = 4;           // of an answer that nobody counted

constexpr std::size_t callers_kept = 4096;

// A caller as a thread remembers it: finding an account costs more than using it.
struct Caller {
  std::string person;
  std::vector<std::string> groups;
  std::shared_ptr<policy::Account> account;
};

// Parsers and their buffers: a call uses them between two suspensions only, so one set a thread is enough.
struct Desk {
  dialects::Scanner scanner;
  TextReader texts;
  const policy::Accounts* of = nullptr;
  std::unordered_map<std::string, Caller> callers;  // by key, or by person
  const policy::UsageLog* log = nullptr;
  policy::UsageWriter* writer = nullptr;
};
Desk& desk() {
  thread_local Desk one;
  return one;
}

std::shared_ptr<policy::Account> account_of(policy::Accounts& accounts, const identity::Principal& who,
                                            policy::Moment now) {
  auto& kept = desk();
  if (std::exchange(kept.of, &accounts) != &accounts || kept.callers.size() >= callers_kept)
    kept.callers.clear();
  auto& caller = kept.callers[who.key.empty() ? who.person : who.key];
  if (!caller.account || caller.account->generation() != accounts.generation() ||
      caller.person != who.person || caller.groups != who.groups)
    caller = {who.person, who.groups, accounts.account(who, {}, now)};
  return caller.account;
}

policy::UsageWriter& writer_of(policy::UsageLog& log) {
  auto& kept = desk();
  if (std::exchange(kept.log, &log) != &log) kept.writer = &log.writer();
  return *kept.writer;
}

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

// What of a client's head concerns the provider.
void add_client_fields(const net::Headers& headers, const std::optional<observe::Traces::Begun>& trace,
                       std::string& head) {
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
}

// OpenAI's servers count a stream only when asked to; unasked, the call would have to be guessed at.
constexpr std::string_view ask_usage = R"(,"stream_options":{"include_usage":true})";
bool must_ask_usage(dialects::Dialect dialect, const dialects::ChatHead& head, std::string_view body) {
  return dialect == dialects::Dialect::openai && head.stream && !head.include_usage &&
         body.find("\"stream_options\"") == std::string_view::npos;
}

// As the provider counted them; where nobody did, by what went over the wire.
policy::TokenClasses tokens_of(const dialects::ChatHead& head, const Meter& meter) {
  policy::TokenClasses out;
  if (const auto& told = meter.usage()) {
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
  out.output = head.stream ? meter.events() : meter.content_bytes() / bytes_per_token;
  return out;
}

// Gemini's clients know none: they get those of OpenAI, as Mistral's do.
std::string rate_lines(policy::Account& account, dialects::Dialect dialect, policy::Moment now) {
  using policy::RateStyle;
  return policy::rate_headers(
      account, dialect == dialects::Dialect::anthropic ? RateStyle::anthropic : RateStyle::openai, now);
}

std::uint32_t micros(Steady::duration span) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::chrono::duration_cast<Micros>(span).count(), 0, UINT32_MAX));
}

bool may_call(const identity::Principal& who, const std::string& model) {
  return who.models.empty() || std::ranges::find(who.models, model) != who.models.end();
}

}  // namespace

struct Gateway::Counters {
  explicit Counters(Metrics& metrics)
      : calls(metrics.counter("bastide_gateway_calls_total", "Calls that passed as bytes.")),
        failovers(metrics.counter("bastide_gateway_failovers_total",
                                  "Calls that a provider failed and another took.")),
        first_byte(metrics.histogram("bastide_gateway_first_byte_seconds",
                                     "From a call's arrival to the first byte of its answer.")) {}
  Counter& calls;
  Counter& failovers;
  Histogram& first_byte;
};

/// One call on its way.
struct Gateway::Passing {
  const identity::Principal& who;
  dialects::Dialect dialect;
  const std::string& body;
  dialects::ChatHead head;
  std::string exchange;
  const Plan* asked = nullptr;
  const Plan* plan = nullptr;  // the one that is tried
  int failovers = 0;
  std::int64_t output_tokens_max = 0;
  std::shared_ptr<policy::Account> account{};
  policy::Reservation reservation{};
  policy::Moment begun{};
  std::optional<observe::Traces::Begun> trace{};
};

Gateway::Gateway(const Config& config, const policy::Router& router, const policy::Labels& labels,
                 Rooms rooms)
    : rooms_(rooms),
      plans_(config, router, labels.default_label(), rooms.log, rooms.keys),
      label_(rooms.log.word(labels.id(labels.default_label()))),
      chosen_(rooms.log.word("chosen")),
      fallback_(rooms.log.word("fallback")),
      counters_(std::make_unique<Counters>(rooms.metrics)) {
  for (std::size_t i = 0; i < doors_.size(); ++i)
    doors_[i] = rooms.log.word(dialects::dialect_name(static_cast<dialects::Dialect>(i)));
  for (const auto* upstream : plans_.upstreams())
    rooms.metrics.gauge(
        "bastide_gateway_provider_open", "1 while a provider is left alone because it failed.",
        [upstream] { return upstream->health.is_open() ? 1.0 : 0.0; }, "provider=\"" + upstream->id + "\"");
}

Gateway::~Gateway() = default;

bool Gateway::guard_lets_pass(const identity::Principal& who, const Plan& plan, std::string_view body,
                              std::size_t readable_bytes) const {
  // A key may leave the guard out within the walls, never on the way out of them.
  if (!plan.leaves_walls && who.guard == identity::GuardPolicy::off) return true;
  auto text = desk().texts.read(body, readable_bytes);
  if (!text) return false;
  return rooms_.guard.inspect(*text).decision == "allow";
}

Task<Gateway::Outcome> Gateway::pass(net::ServerCall& http, const identity::Principal& who,
                                     dialects::Dialect dialect, const std::string& body) const {
  const auto readable = body.capacity();
  auto head = desk().scanner.head_of_request(dialect, http.request().path, body, readable);
  if (!head || head->has_bastide || !http.can_relay()) co_return Outcome{};
  const auto* plan = plans_.find(head->model);
  if (!plan || plan->upstream->dialect != dialect) co_return Outcome{};
  if (!who.assistant.empty() || !may_call(who, plan->card.id)) co_return Outcome{};
  if (!guard_lets_pass(who, *plan, body, readable)) co_return Outcome{};
  Passing passing{who, dialect, body, *head, new_id("ex"), plan, plan};
  if (rooms_.traces)
    passing.trace = rooms_.traces->begin(http.request().headers.find("traceparent").value_or(""));
  auto admitted = admit(passing);
  if (!admitted) co_return refuse(passing, std::move(admitted.error()));
  counters_->calls.add();
  auto outcome = co_await send(http, passing);
  co_return outcome;
}

Result<void> Gateway::admit(Passing& passing) const {
  passing.begun = policy::Moment::now();
  passing.account = account_of(rooms_.accounts, passing.who, passing.begun);
  if (rooms_.log.full())
    return fail(Code::overloaded, "What was spent cannot be stored just now.", "ledger_full",
                "Try again in a moment. If it stays, an administrator should look at the disk.");
  const auto& head = passing.head;
  passing.output_tokens_max = (head.max_tokens > 0 ? head.max_tokens : answer_tokens_default) * head.choices;
  const auto& terms = passing.plan->terms(rooms_.accounts, passing.begun);
  auto bound = terms.bound(head.input_tokens_max, passing.output_tokens_max, passing.begun.wall);
  bound.tokens = head.input_tokens_max + passing.output_tokens_max;
  bound.requests = 1;
  auto admitted = passing.account->admit(bound, passing.begun, &terms);
  if (!admitted) return std::unexpected(std::move(admitted.error()));
  passing.reservation = *admitted;
  return {};
}

Gateway::Outcome Gateway::refuse(Passing& passing, Error error) const {
  settle(passing, nullptr, {http_status(error.code), error.detail});
  return {Way::refused, passing.exchange, std::move(error),
          rate_lines(*passing.account, passing.dialect, passing.begun)};
}

Task<Gateway::Outcome> Gateway::send(net::ServerCall& http, Passing& passing) const {
  std::vector<const Plan*> order{passing.asked};
  for (const auto* other : passing.asked->fallback)
    if (order.size() < tries_max && may_call(passing.who, other->card.id)) order.push_back(other);
  // A provider that fails more than others is asked after them, but now and then first, or it never recovers.
  if (order.size() > 1 && order[0]->upstream->health.prefers_rest())
    std::ranges::rotate(order, order.begin() + 1);
  Turn turn{Turn::What::failed,
            Error{Code::upstream, "The provider is not answering just now.", "provider_open", "Try again."},
            {}};
  for (const auto* plan : order) {
    auto& health = plan->upstream->health;
    const bool is_last = plan == order.back();
    if (!health.may_try(Steady::now()) && !is_last) continue;
    if (auto paid = choose(passing, *plan); !paid) {
      turn.error = std::move(paid.error());
      continue;
    }
    turn = co_await ask_with_keys(
        http, passing, *plan, is_last ? KeyRing::Urgency::nobody_else : KeyRing::Urgency::others_may_answer);
    if (turn.what == Turn::What::answered) co_return Outcome{Way::answered, passing.exchange, {}, {}};
    if (turn.what == Turn::What::failed)
      health.failed(Steady::now());
    else
      health.succeeded();
    if (!turn.is_failure()) break;
    if (is_last) break;
    counters_->failovers.add();
    ++passing.failovers;
  }
  if (turn.what == Turn::What::streams_only || (turn.is_failure() && passing.asked->has_other_fallback)) {
    // The stages find a model that cannot be relayed to, and read a stream where the caller asked for a whole
    // answer. The caller got nothing yet, and nothing was counted.
    passing.account->settle(passing.reservation, {}, policy::Moment::now());
    co_return Outcome{};
  }
  if (turn.error) co_return refuse(passing, std::move(*turn.error));
  // The provider's own refusal, in the dialect that the client speaks.
  auto& kept = turn.kept;
  settle(passing, nullptr, {kept.status, "provider_rejected"});
  net::Headers headers{{"content-type", "application/json"}, {"x-bastide-exchange", passing.exchange}};
  if (auto wait = kept.headers.find("retry-after")) headers.add("retry-after", std::string(*wait));
  headers.add_lines(rate_lines(*passing.account, passing.dialect, passing.begun));
  auto sent = co_await http.send({kept.status, std::move(headers), std::move(kept.body)});
  (void)sent;  // the client left meanwhile
  co_return Outcome{Way::answered, passing.exchange, {}, {}};
}

Result<void> Gateway::choose(Passing& passing, const Plan& plan) const {
  if (passing.plan == &plan) return {};
  const auto& terms = plan.terms(rooms_.accounts, passing.begun);
  const auto bound =
      terms.bound(passing.head.input_tokens_max, passing.output_tokens_max, passing.begun.wall);
  auto paid = passing.account->choose(passing.reservation, terms, bound, passing.begun);
  if (paid) passing.plan = &plan;
  return paid;
}

Task<Gateway::Turn> Gateway::ask_with_keys(net::ServerCall& http, Passing& passing, const Plan& plan,
                                           KeyRing::Urgency urgency) const {
  constexpr int keys_tried_max = 3;
  auto& ring = *plan.upstream->keys;
  Turn turn;
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
      if (turn.what != Turn::What::failed) ring.accepted(index);
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
  const auto length = body.size() - asked.model_bytes + model.size();
  constexpr std::size_t head_bytes_usual = 512;
  std::string head;
  head.reserve(head_bytes_usual);
  head += "POST ";
  head += upstream.target->path();
  head += dialects::codec_of(passing.dialect).request_path(plan.card.upstream, asked.stream);
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
  add_client_fields(http.request().headers, passing.trace, head);
  head += "\r\n";
  Meter meter(passing.dialect, asked.stream, asks_usage ? Meter::UsageEvent::hide : Meter::UsageEvent::show,
              passing.exchange, rate_lines(*passing.account, passing.dialect, passing.begun), desk().scanner);
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
  if (passed_on) {
    if (broken)
      upstream.health.failed(Steady::now());
    else
      upstream.health.succeeded();
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
  const bool key_refused = status == 401 || status == 403;
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

void Gateway::settle(Passing& passing, const Meter* meter, const Ending& ending) const {
  const auto now = policy::Moment::now();
  policy::UsageRow row;
  row.at_ms = passing.begun.wall;
  row.set_exchange(passing.exchange);
  passing.account->describe(row);
  policy::Amounts actual;
  if (meter) {
    const auto& terms = passing.plan->terms(rooms_.accounts, passing.begun);
    const auto tokens = tokens_of(passing.head, *meter);
    actual = terms.spent(tokens, passing.begun.wall);
    actual.requests = 1;
    terms.describe(row, passing.begun.wall);
    row.set_tokens(tokens);
    row.nano_money = actual.nano_money;
    row.micro_wh_high = actual.micro_wh;
    row.micro_wh_low = std::min(actual.micro_wh, terms.micro_wh_low(tokens));
    if (!meter->usage()) row.flags |= policy::usage_flag::tokens_estimated;
    row.reason = passing.plan == passing.asked ? chosen_ : fallback_;
    row.first_token_us = micros(meter->first_byte() - passing.begun.steady);
    counters_->first_byte.observe(static_cast<double>(row.first_token_us) / 1e6);
  }
  passing.account->settle(passing.reservation, actual, now);
  row.model_asked = passing.asked->asked_word;
  row.label = label_;
  row.door = doors_[static_cast<std::size_t>(passing.dialect)];
  row.latency_us = micros(now.steady - passing.begun.steady);
  row.status = static_cast<std::uint16_t>(ending.status);
  row.failovers = static_cast<std::uint8_t>(std::min(passing.failovers, 255));
  row.dialect_in = row.dialect_out = code_of(passing.dialect);
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
