#include "http_api/model_calls/dialect_stream.h"

#include "base/bell.h"
#include "base/json.h"
#include "base/time.h"
#include "policy/rate_headers.h"

namespace bastide::http_api {
namespace {

constexpr Millis silence_max{10'000};

std::string bastide_json(const exchange::Exchange& exchange, const policy::Labels& labels) {
  JsonWriter json;
  json.object().field("exchange", exchange.id).key("citations").array();
  for (const auto& citation : exchange.citations)
    json.object()
        .field("marker", citation.marker)
        .field("document", citation.document)
        .field("title", citation.title)
        .field("page", citation.page)
        .field("quote", citation.quote)
        .field("passage", citation.passage)
        .end();
  json.end().field("label", labels.id(exchange.label));
  if (exchange.quoting) json.field("quoting", exchange.quoting_why);
  return json.field("generated", !exchange.quoting).end().take();
}

}  // namespace

/// One thread: the loop's of the call.
struct DialectStream::Pulse {
  DialectStream* stream = nullptr;
  Steady::time_point last = Steady::now();  // something was said
  bool writes = false;                      // the answer is being written
  bool beats = false;                       // a ping is
  bool over = false, ended = false;
  Bell bell{};
};

DialectStream::DialectStream(Door door, const exchange::Exchange& exchange, Mode mode, bool include_usage)
    : door_(door), exchange_(exchange), mode_(mode), include_usage_(include_usage) {}

std::string DialectStream::rate_lines() const {
  using policy::RateStyle;
  const auto now = policy::Moment::now();
  const auto account = door_.accounts.account(exchange_.who, {}, now);
  const bool anthropic = door_.codec.dialect() == dialects::Dialect::anthropic;
  return policy::rate_headers(*account, anthropic ? RateStyle::anthropic : RateStyle::openai, now);
}

net::Headers DialectStream::headers() const {
  net::Headers out{{"x-bastide-exchange", exchange_.id}};
  auto losses = exchange_.losses;
  losses.insert(losses.end(), losses_.begin(), losses_.end());
  if (auto warning = dialects::warning_of(losses); !warning.empty()) out.add("x-bastide-warning", warning);
  out.add_lines(rate_lines());
  return out;
}

Task<Result<void>> DialectStream::begin() {
  begun_ = true;
  const auto model = exchange_.model.id.empty() ? exchange_.ask.model : exchange_.model.id;
  dialects::Start start{exchange_.id, model, exchange_.started_at / 1000};
  if (mode_ == Mode::whole) co_return whole_.feed(start);
  started_ = true;
  encoder_ = door_.codec.stream_encoder({exchange_.id, model, exchange_.started_at / 1000, include_usage_});
  auto head = headers();
  head.add("content-type", std::string(encoder_->media_type()));
  head.add("cache-control", "no-store");
  head.add("x-accel-buffering", "no");
  auto told = co_await door_.http.start(200, std::move(head));
  if (!told) co_return told;
  std::string bytes;
  encoder_->feed(start, bytes, losses_);
  if (bytes.empty()) co_return Result<void>{};
  told = co_await door_.http.write(std::move(bytes));
  co_return told;
}

Task<Result<void>> DialectStream::tell(dialects::StreamEvent event) {
  while (pulse_ && pulse_->beats) {
    const auto seen = pulse_->bell.count();
    if (pulse_->beats) (void)co_await pulse_->bell.wait(seen);
  }
  if (pulse_) pulse_->writes = true;
  auto told = co_await tell_now(std::move(event));
  if (pulse_) {
    pulse_->writes = false;
    pulse_->last = Steady::now();
  }
  co_return told;
}

Task<Result<void>> DialectStream::tell_now(dialects::StreamEvent event) {
  if (!begun_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  if (mode_ == Mode::whole) co_return whole_.feed(event);
  std::string bytes;
  encoder_->feed(event, bytes, losses_);
  if (bytes.empty()) co_return Result<void>{};
  auto told = co_await door_.http.write(std::move(bytes));
  co_return told;
}

DialectStream::~DialectStream() {
  if (pulse_) pulse_->stream = nullptr;
}

void DialectStream::keep_alive() {
  if (mode_ != Mode::stream) return;
  pulse_ = std::make_shared<Pulse>();
  pulse_->stream = this;
  spawn("stream_pulse", beat(pulse_));
}

Task<void> DialectStream::beat(std::shared_ptr<Pulse> pulse) {
  while (pulse->stream && !pulse->over) {
    const auto seen = pulse->bell.count();
    const auto silent = std::chrono::duration_cast<Millis>(Steady::now() - pulse->last);
    if (pulse->writes || silent < silence_max) {
      const auto rest = pulse->writes ? silence_max : silence_max - silent;
      (void)co_await pulse->bell.wait(seen, Deadline::in(rest));
      continue;
    }
    pulse->beats = true;
    auto told = co_await pulse->stream->tell_now(dialects::Ping{});
    pulse->beats = false;
    pulse->last = Steady::now();
    pulse->bell.ring();
    if (!told) break;  // who writes next learns it too
  }
  pulse->ended = true;
  pulse->bell.ring();
}

Task<void> DialectStream::settle() {
  if (!pulse_) co_return;
  pulse_->over = true;
  pulse_->bell.ring();
  while (!pulse_->ended) {
    const auto seen = pulse_->bell.count();
    if (!pulse_->ended) (void)co_await pulse_->bell.wait(seen);
  }
}

Task<Result<void>> DialectStream::close() {
  if (open_ == Open::nothing) co_return Result<void>{};
  open_ = Open::nothing;
  auto told = co_await tell(dialects::PartEnd{});
  co_return told;
}

Task<Result<void>> DialectStream::open(Open kind) {
  if (open_ == kind) co_return Result<void>{};
  auto closed = co_await close();
  if (!closed) co_return closed;
  open_ = kind;
  dialects::PartStart start{0, parts_++, {}};
  if (kind == Open::thought) start.part.content = dialects::Reasoning{};
  auto told = co_await tell(std::move(start));
  co_return told;
}

Task<Result<void>> DialectStream::on_stage(const exchange::StageTrace&) { co_return Result<void>{}; }
Task<Result<void>> DialectStream::on_masked(const std::vector<exchange::Masked>&) {
  co_return Result<void>{};
}
Task<Result<void>> DialectStream::on_citation(const exchange::Citation&) { co_return Result<void>{}; }

Task<Result<void>> DialectStream::on_text(std::string text) {
  auto opened = co_await open(Open::text);
  if (!opened) co_return opened;
  auto told = co_await tell(dialects::TextDelta{0, std::move(text)});
  co_return told;
}

Task<Result<void>> DialectStream::on_reasoning(std::string text) {
  auto opened = co_await open(Open::thought);
  if (!opened) co_return opened;
  auto told = co_await tell(dialects::ReasoningDelta{0, std::move(text)});
  co_return told;
}

// No dialect can take words back: in a stream the quotes follow what stood before, apart.
Task<Result<void>> DialectStream::on_replace(std::string text, std::string) {
  if (mode_ == Mode::whole) {
    whole_ = {};
    begun_ = false;
    open_ = Open::nothing;
    parts_ = 0;
    auto told = co_await on_text(std::move(text));
    co_return told;
  }
  auto told = co_await on_text("\n\n---\n\n" + text);
  co_return told;
}

Task<Result<void>> DialectStream::on_event(dialects::StreamEvent event) {
  if (auto* start = std::get_if<dialects::PartStart>(&event)) {
    auto closed = co_await close();
    if (!closed) co_return closed;
    start->index = parts_++;
    open_ = Open::other;
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
  }
  auto told = co_await tell(std::move(event));
  co_return told;
}

Task<Result<void>> DialectStream::on_done(const exchange::Exchange& exchange) {
  if (cut_ && !started_) co_return std::unexpected(*cut_);
  if (cut_) {
    auto broken = co_await break_off(*cut_);
    co_return broken;
  }
  auto told = co_await close();
  if (!told) co_return told;
  dialects::Finished finished{
      0, exchange.finish, {}, exchange.stop_sequence, bastide_json(exchange, door_.labels)};
  told = co_await tell(std::move(finished));
  if (!told) co_return told;
  told = co_await tell(dialects::UsageGiven{usage_of(exchange.usage)});
  if (!told) co_return told;
  told = co_await tell(dialects::End{});
  if (!told) co_return told;
  if (mode_ == Mode::stream) {
    told = co_await door_.http.finish();
    co_return told;
  }
  started_ = true;
  auto body = door_.codec.encode_answer(whole_.take(), losses_);
  auto head = headers();
  head.add("content-type", "application/json");
  told = co_await door_.http.send({200, std::move(head), std::move(body)});
  co_return told;
}

// A stream that died ends as an error, never as a clean end.
Task<Result<void>> DialectStream::break_off(Error error) {
  auto told = co_await tell(dialects::Failure{std::move(error)});
  if (!told) co_return told;
  told = co_await door_.http.finish();
  co_return told;
}

}  // namespace bastide::http_api
