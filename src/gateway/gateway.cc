#include "gateway/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/meter.h"
#include "gateway/texts.h"

namespace bastide::gateway {
namespace {

constexpr std::size_t tries_max = 4;
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
void add_client_fields(const net::Headers& headers, std::string& head) {
  static constexpr std::array<std::string_view, 6> passed{"accept",      "openai-beta", "anthropic-beta",
                                                          "traceparent", "tracestate",  "anthropic-version"};
  for (const auto& field : headers.all())
    if (std::ranges::any_of(passed, [&](auto one) { return equal_ignoring_ascii_case(one, field.name); })) {
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

std::uint32_t micros(Steady::duration span) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::chrono::duration_cast<Micros>(span).count(), 0, UINT32_MAX));
}

bool is_providers_fault(int status) { return status == 408 || status == 429 || status >= 500; }

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
};

Gateway::Gateway(const Config& config, const policy::Router& router, const policy::Labels& labels,
                 Rooms rooms)
    : rooms_(rooms),
      plans_(config, router, labels.default_label(), rooms.log),
      label_(rooms.log.word(labels.id(labels.default_label()))),
      door_(rooms.log.word("openai")),
      chosen_(rooms.log.word("chosen")),
      fallback_(rooms.log.word("fallback")),
      counters_(std::make_unique<Counters>(rooms.metrics)) {
  for (const auto* upstream : plans_.upstreams())
    rooms.metrics.gauge(
        "bastide_gateway_provider_open", "1 while a provider is left alone because it failed.",
        [upstream] { return upstream->health.is_open() ? 1.0 : 0.0; }, "provider=\"" + upstream->id + "\"");
}

Gateway::~Gateway() = default;

bool Gateway::guard_lets_pass(const Plan& plan, std::string_view body, std::size_t readable_bytes) const {
  if (!plan.leaves_walls) return true;
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
  if (!guard_lets_pass(*plan, body, readable)) co_return Outcome{};
  Passing passing{who, dialect, body, *head, new_id("ex"), plan, plan};
  if (rooms_.log.full())
    co_return Outcome{Way::refused, std::move(passing.exchange),
                      Error{Code::overloaded, "What was spent cannot be stored just now.", "ledger_full",
                            "Try again in a moment. If it stays, an administrator should look at the disk."}};
  passing.begun = policy::Moment::now();
  passing.output_tokens_max =
      (head->max_tokens > 0 ? head->max_tokens : answer_tokens_default) * head->choices;
  passing.account = account_of(rooms_.accounts, who, passing.begun);
  const auto& terms = plan->terms(rooms_.accounts, passing.begun);
  auto bound = terms.bound(head->input_tokens_max, passing.output_tokens_max, passing.begun.wall);
  bound.tokens = head->input_tokens_max + passing.output_tokens_max;
  bound.requests = 1;
  auto admitted = passing.account->admit(bound, passing.begun, &terms);
  if (!admitted) co_return Outcome{Way::refused, std::move(passing.exchange), std::move(admitted.error())};
  passing.reservation = *admitted;
  counters_->calls.add();
  auto outcome = co_await send(http, passing);
  outcome.exchange = std::move(passing.exchange);
  co_return outcome;
}

Task<Gateway::Outcome> Gateway::send(net::ServerCall& http, Passing& passing) const {
  std::vector<const Plan*> order{passing.plan};
  order.insert(order.end(), passing.plan->fallback.begin(), passing.plan->fallback.end());
  // A provider that fails more than others is asked after them, but now and then first, or it never recovers.
  if (order.size() > 1 && order[0]->upstream->health.prefers_rest())
    std::ranges::rotate(order, order.begin() + 1);
  Outcome outcome;
  net::Relayed kept;
  for (std::size_t i = 0; i < std::min(order.size(), tries_max); ++i) {
    const auto& plan = *order[i];
    const auto& upstream = *plan.upstream;
    const bool last = i + 1 == std::min(order.size(), tries_max);
    if (!upstream.health.may_try(Steady::now()) && !last) continue;
    if (passing.plan != &plan) {
      const auto& terms = plan.terms(rooms_.accounts, passing.begun);
      const auto bound =
          terms.bound(passing.head.input_tokens_max, passing.output_tokens_max, passing.begun.wall);
      auto paid = passing.account->choose(passing.reservation, terms, bound, passing.begun);
      if (!paid) {
        outcome.error = std::move(paid.error());
        continue;
      }
      passing.plan = &plan;
    }
    const std::string_view body = passing.body;
    const auto model_end = passing.head.model_at + passing.head.model_bytes;
    const bool asks = must_ask_usage(passing.dialect, passing.head, body);
    const auto model = asks ? plan.upstream_json + std::string(ask_usage) : plan.upstream_json;
    const auto length = body.size() - passing.head.model_bytes + model.size();
    const std::string_view path = http.request().path;
    std::string head = fmt::format("POST {}{} HTTP/1.1\r\n{}Content-Length: {}\r\n", upstream.target->path(),
                                   path.substr(path.find('/', 1)), upstream.head, length);
    add_client_fields(http.request().headers, head);
    head += "\r\n";
    Meter meter(passing.dialect, passing.head.stream,
                asks ? Meter::UsageEvent::hide : Meter::UsageEvent::show, passing.exchange, desk().scanner);
    net::RelayRequest request{*upstream.target,
                              head,
                              {body.substr(0, passing.head.model_at), model, body.substr(model_end)},
                              Millis(5'000),
                              upstream.timeout,
                              upstream.timeout};
    auto relayed = co_await http.relay(rooms_.client, request, meter);
    if (relayed && relayed->passed_on) {
      const auto& cut = relayed->broken ? relayed->broken : meter.fault();
      const bool client_left = relayed->broken && relayed->broken->code == Code::cancelled;
      if (!cut || client_left)
        upstream.health.succeeded();
      else
        upstream.health.failed(Steady::now());
      if (client_left)
        settle(passing, &meter, {499, "client_left"});
      else
        settle(passing, &meter, {relayed->status, cut ? std::string_view(cut->detail) : ""});
      outcome.way = Way::answered;
      co_return outcome;
    }
    if (!relayed && relayed.error().code == Code::cancelled) {
      settle(passing, nullptr, {499, "client_left"});
      outcome.way = Way::answered;
      co_return outcome;
    }
    if (!relayed)
      outcome.error = std::move(relayed.error());
    else
      outcome.error = meter.fault();
    if (relayed) kept = std::move(*relayed);
    if (!outcome.error && !is_providers_fault(kept.status)) {
      upstream.health.succeeded();
      break;
    }
    upstream.health.failed(Steady::now());
    if (last) break;
    counters_->failovers.add();
    ++passing.failovers;
  }
  const bool nobody = outcome.error || kept.status == 0 || is_providers_fault(kept.status);
  if (nobody && passing.asked->has_other_fallback) {
    // A model that cannot be relayed to may still answer: the stages find it. Nothing was sent or counted.
    passing.account->settle(passing.reservation, {}, policy::Moment::now());
    co_return Outcome{};
  }
  outcome.way = Way::refused;
  if (!outcome.error && kept.status == 0)
    outcome.error =
        Error{Code::upstream, "The provider is not answering just now.", "provider_open", "Try again."};
  if (!outcome.error &&
      (kept.status == 401 || kept.status == 403 || (kept.status >= 300 && kept.status < 400)))
    outcome.error = Error{Code::upstream, "The provider does not accept the organisation's key or address.",
                          "provider_key", "Tell an administrator."};
  const auto type = kept.headers.find("content-type").value_or("");
  if (!outcome.error && !type.starts_with("application/json"))
    outcome.error = Error{Code::upstream, "The provider failed to answer.", "provider_failed", "Try again."};
  if (outcome.error) {
    settle(passing, nullptr, {http_status(outcome.error->code), outcome.error->detail});
    co_return outcome;
  }
  settle(passing, nullptr, {kept.status, "provider_rejected"});
  // The provider's own refusal, in the dialect that the client speaks.
  net::Headers headers{{"content-type", std::string(type)}, {"x-bastide-exchange", passing.exchange}};
  if (auto wait = kept.headers.find("retry-after")) headers.add("retry-after", std::string(*wait));
  auto sent = co_await http.send({kept.status, std::move(headers), std::move(kept.body)});
  (void)sent;  // the client left meanwhile
  outcome.way = Way::answered;
  co_return outcome;
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
    if (!meter->usage()) row.flags |= policy::usage_flag::tokens_estimated;
    row.reason = passing.plan == passing.asked ? chosen_ : fallback_;
    row.first_token_us = micros(meter->first_byte() - passing.begun.steady);
    counters_->first_byte.observe(static_cast<double>(row.first_token_us) / 1e6);
  }
  passing.account->settle(passing.reservation, actual, now);
  row.model_asked = passing.asked->asked_word;
  row.label = label_;
  row.door = door_;
  row.latency_us = micros(now.steady - passing.begun.steady);
  row.status = static_cast<std::uint16_t>(ending.status);
  row.failovers = static_cast<std::uint8_t>(std::min(passing.failovers, 255));
  row.dialect_in = row.dialect_out = code_of(passing.dialect);
  if (passing.head.stream) row.flags |= policy::usage_flag::streamed;
  if (!ending.error.empty()) row.error = rooms_.log.word(ending.error);
  writer_of(rooms_.log).append(row);
}

}  // namespace bastide::gateway
