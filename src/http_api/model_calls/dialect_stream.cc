#include "http_api/model_calls/dialect_stream.h"

#include "base/bell.h"
#include "base/json.h"
#include "base/time.h"
#include "dialects/responses_state.h"
#include "exchange/queue_place.h"
#include "policy/rate_headers.h"

namespace bastide::http_api {
namespace {

constexpr Millis silence_max{10'000};

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

DialectStream::DialectStream(Door door, const exchange::Exchange& exchange, Said said)
    : door_(door),
      exchange_(exchange),
      said_(std::move(said)),
      mode_(said_.mode),
      include_usage_(said_.include_usage) {}

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
  dialects::Start start{exchange_.id, model, exchange_.started_at / 1000, {}, said_.repeated};
  if (collects()) {
    if (auto fed = whole_.feed(start); !fed) co_return fed;
  }
  if (mode_ == Mode::whole) co_return Result<void>{};
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

// A caller who did not ask for it does not see how a provider sealed what its model thought.
bool DialectStream::shown_to_client(dialects::StreamEvent& event) {
  if (said_.sealed == Sealed::shown) return true;
  if (auto* start = std::get_if<dialects::PartStart>(&event)) {
    auto* thought = std::get_if<dialects::Reasoning>(&start->part.content);
    in_thought_ = thought != nullptr;
    if (thought) {
      thought->encrypted.clear();
      start->part.signature.clear();
    }
  }
  return !(in_thought_ && std::holds_alternative<dialects::SignatureDelta>(event));
}

Task<Result<void>> DialectStream::tell_now(dialects::StreamEvent event) {
  if (!begun_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  if (collects()) {
    if (auto fed = whole_.feed(event); !fed) co_return fed;
  }
  const bool is_whole = std::holds_alternative<dialects::End>(event);
  if (keeper_ && is_whole) {
    auto kept = co_await keeper_->keep(whole_.so_far(), exchange_);
    if (!kept) co_return kept;
  }
  if (mode_ == Mode::whole || !shown_to_client(event)) co_return Result<void>{};
  std::string bytes;
  encoder_->feed(event, bytes, losses_);
  if (bytes.empty()) co_return Result<void>{};
  auto told = co_await door_.http.write(std::move(bytes));
  co_return told;
}

/// As a comment, which readers of server-sent events skip; but not Google's.
Task<Result<void>> DialectStream::tell_queue() {
  if (door_.codec.dialect() == dialects::Dialect::gemini) co_return Result<void>{};
  auto told = co_await door_.http.write(": " + queue_ + "\n\n");
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
    if (told && !pulse->stream->queue_.empty()) told = co_await pulse->stream->tell_queue();
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

/// Nothing is begun to say it: an error must still be able to be the whole answer. The next pulse tells.
Task<Result<void>> DialectStream::on_stage(const exchange::StageTrace& stage) {
  if (stage.name == exchange::queue_stage)
    queue_ = stage.decision == "0" || stage.reasons.empty() ? "" : stage.reasons.front();
  co_return Result<void>{};
}

Task<Result<void>> DialectStream::on_replace(std::string text, std::string reason) {
  if (mode_ == Mode::stream) {
    auto told = co_await EventSink::on_replace(std::move(text), std::move(reason));
    co_return told;
  }
  whole_ = {};
  begun_ = false;
  begin_anew();
  auto told = co_await on_text(std::move(text));
  co_return told;
}

Task<Result<void>> DialectStream::on_done(const exchange::Exchange& exchange) {
  if (cut_ && !started_) co_return std::unexpected(*cut_);
  if (cut_) {
    auto broken = co_await break_off(*cut_);
    co_return broken;
  }
  auto told = co_await tell_end(exchange, door_.labels);
  if (!told) co_return told;
  if (mode_ == Mode::stream) {
    told = co_await door_.http.finish();
    co_return told;
  }
  started_ = true;
  auto answer = whole_.take();
  if (said_.sealed == Sealed::hidden) dialects::hide_sealed_reasoning(answer);
  auto body = door_.codec.encode_answer(answer, losses_);
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
