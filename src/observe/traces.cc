#include "observe/traces.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"

namespace bastide::observe {
namespace {

constexpr int kind_client = 3;   // of OTLP's SpanKind
constexpr int status_error = 2;  // of OTLP's StatusCode
constexpr std::size_t answer_bytes_max = 64 * 1024;

class Attributes {
 public:
  explicit Attributes(JsonWriter& json) : json_(json) { json_.key("attributes").array(); }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    json_.object().field("key", key).key("value").object().field("stringValue", value).end().end();
  }
  /// 64-bit numbers are text in OTLP's JSON.
  void number(std::string_view key, std::int64_t value) {
    json_.object().field("key", key).key("value").object().field("intValue", std::to_string(value));
    json_.end().end();
  }
  void seconds(std::string_view key, std::int64_t us) {
    json_.object()
        .field("key", key)
        .key("value")
        .object()
        .field("doubleValue", static_cast<double>(us) / 1e6);
    json_.end().end();
  }
  void flag(std::string_view key, bool value) {
    json_.object().field("key", key).key("value").object().field("boolValue", value).end().end();
  }
  void end() { json_.end(); }

 private:
  JsonWriter& json_;
};

/// gen_ai.provider.name as the conventions list it.
std::string_view provider_name(std::string_view dialect) {
  if (dialect == "gemini") return "gcp.gemini";
  if (dialect == "mistral") return "mistral_ai";
  return dialect;
}

template <std::size_t N>
std::string text_of(const std::array<std::uint8_t, N>& bytes) {
  return hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), N));
}

void write_span(JsonWriter& json, const CallSpan& span) {
  const auto began_ns = span.began_at * 1'000'000;
  json.object().field("traceId", text_of(span.context.trace)).field("spanId", text_of(span.context.span));
  if (span.parent) json.field("parentSpanId", text_of(span.parent->span));
  json.field("name", "chat " + (span.asked.empty() ? span.model : span.asked))
      .field("kind", kind_client)
      .field("startTimeUnixNano", std::to_string(began_ns))
      .field("endTimeUnixNano", std::to_string(began_ns + span.took_us * 1000));
  Attributes attributes(json);
  attributes.text("gen_ai.operation.name", "chat");
  attributes.text("gen_ai.provider.name", provider_name(span.dialect));
  attributes.text("gen_ai.request.model", span.asked);
  attributes.text("gen_ai.response.model", span.upstream);
  attributes.flag("gen_ai.request.stream", span.streamed);
  attributes.number("gen_ai.usage.input_tokens", span.input_tokens);
  attributes.number("gen_ai.usage.output_tokens", span.output_tokens);
  if (span.cached_input_tokens > 0)
    attributes.number("gen_ai.usage.cache_read.input_tokens", span.cached_input_tokens);
  if (span.first_byte_us > 0) attributes.seconds("gen_ai.response.time_to_first_chunk", span.first_byte_us);
  const auto colon = span.server.rfind(':');
  std::int64_t port = 0;
  if (colon != std::string::npos)
    std::from_chars(span.server.data() + colon + 1, span.server.data() + span.server.size(), port);
  attributes.text("server.address", port > 0 ? span.server.substr(0, colon) : span.server);
  if (port > 0) attributes.number("server.port", port);
  attributes.number("http.response.status_code", span.status);
  attributes.text("error.type", span.error);
  attributes.text("bastide.exchange", span.exchange);
  attributes.text("bastide.model", span.model);
  attributes.text("bastide.provider", span.provider);
  if (span.hedge_after_ms > 0) attributes.number("bastide.hedge.after_ms", span.hedge_after_ms);
  attributes.text("bastide.hedge.lost_model", span.hedge_lost);
  attributes.end();
  json.key("status").object();
  if (!span.error.empty()) json.field("code", status_error);
  json.end().end();
}

double random_share() {
  thread_local std::minstd_rand numbers([] {
    std::uint32_t seed = 0;
    fill_random(&seed, sizeof(seed));
    return seed;
  }());
  return std::uniform_real_distribution<double>(0, 1)(numbers);
}

Task<Result<int>> post(net::Client& client, net::ClientRequest request) {
  auto response = co_await client.fetch(std::move(request));
  if (!response) co_return pass(response);
  const int status = (*response)->status();
  auto rest = co_await (*response)->read_all(answer_bytes_max);
  (void)rest;  // only its end matters: the connection serves the next batch
  co_return status;
}

}  // namespace

std::string otlp_json(const std::vector<CallSpan>& spans) {
  JsonWriter json;
  json.object().key("resourceSpans").array().object().key("resource").object();
  Attributes resource(json);
  resource.text("service.name", "bastide");
  resource.end();
  json.end().key("scopeSpans").array().object().key("scope").object().field("name", "bastide").end();
  json.key("spans").array();
  for (const auto& span : spans) write_span(json, span);
  return json.end().end().end().end().end().end().take();
}

Traces::Traces(const ObservabilityConfig& config, net::Client& client, net::Loop& loop, Metrics& metrics)
    : url_(config.otlp_url),
      share_(config.trace_share),
      client_(client),
      loop_(loop),
      sent_(metrics.counter("bastide_trace_spans_sent_total", "Spans that the collector took.")),
      dropped_(metrics.counter("bastide_trace_spans_dropped_total",
                               "Spans that found the queue full or that the collector did not take.")),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

Traces::~Traces() {
  thread_.request_stop();
  thread_.join();
}

std::optional<Traces::Begun> Traces::begin(std::string_view header) const {
  auto parent = header.empty() ? std::nullopt : parse_traceparent(header);
  if (parent ? !parent->sampled : random_share() >= share_) return std::nullopt;
  return Begun{new_context(parent ? &*parent : nullptr, true), parent};
}

void Traces::offer(CallSpan span) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < queue_max)
    waiting_.push_back(std::move(span));
  else
    dropped_.add();
}

bool Traces::send(Millis timeout) {
  std::vector<CallSpan> batch;
  {
    const std::lock_guard lock(mutex_);
    const auto count = std::min(batch_max, waiting_.size());
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  if (batch.empty()) return false;
  net::ClientRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"content-type", "application/json"}};
  request.body = otlp_json(batch);
  request.connect_timeout = request.first_byte_timeout = request.idle_timeout = timeout;
  auto status = net::run_blocking(loop_, post(client_, std::move(request)));
  const bool taken = status && *status / 100 == 2;
  (taken ? sent_ : dropped_).add(batch.size());
  return taken;
}

void Traces::work(const std::stop_token& stop) {
  constexpr Millis timeout{10'000}, last_timeout{1'000};
  bool failing = false;
  const auto send_all = [&](Millis each) {
    while (send(each)) failing = false;
  };
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, send_every, [] { return false; });
    }
    if (stop.stop_requested()) break;
    const auto dropped = dropped_.value();
    send_all(timeout);
    if (dropped_.value() != dropped && !std::exchange(failing, true))
      log::warn("traces_not_taken", {{"url", url_}});
  }
  send_all(last_timeout);
}

}  // namespace bastide::observe
