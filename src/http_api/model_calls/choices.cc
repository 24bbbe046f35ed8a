#include "http_api/model_calls/choices.h"

#include <algorithm>
#include <memory>
#include <variant>

#include "base/bell.h"
#include "base/id.h"
#include "dialects/collect.h"
#include "exchange/event_sink.h"
#include "http_api/model_calls/stop_with_key.h"
#include "http_api/problem.h"
#include "policy/rate_headers.h"

namespace bastide::http_api {
namespace {

constexpr Millis silence_max{10'000};
constexpr std::int64_t asked_at_once_max = 16;

/// What the client gets of all choices. One loop; the choices' coroutines take turns.
class Joined {
 public:
  Joined(Call& call, const ChoicesCall& wanted) : call_(call), wanted_(wanted) {}

  /// Tells an event of a choice, after what others are telling.
  Task<Result<void>> tell(dialects::StreamEvent event) {
    while (busy_) {
      const auto seen = bell_.count();
      if (busy_) (void)co_await bell_.wait(seen);
    }
    busy_ = true;
    auto told = co_await tell_now(std::move(event));
    busy_ = false;
    bell_.ring();
    co_return told;
  }
  void name(const exchange::Exchange& exchange) {
    if (first_.empty()) first_ = exchange.id;
    ids_ += (ids_.empty() ? "" : ", ") + exchange.id;
  }
  /// What stands in the head, as far as it is known when the first words come.
  void know(const exchange::Exchange& exchange) {
    if (model_.empty()) model_ = exchange.model.id;
    for (const auto& loss : exchange.losses)
      if (std::ranges::find(losses_, loss.field, &dialects::Loss::field) == losses_.end())
        losses_.push_back(loss);
  }
  void add(const exchange::Exchange& exchange) {
    const auto one = exchange::usage_of(exchange.usage);
    usage_.input += one.input;
    usage_.cache_read += one.cache_read;
    usage_.cache_write_5m += one.cache_write_5m;
    usage_.cache_write_1h += one.cache_write_1h;
    usage_.output += one.output;
    usage_.reasoning += one.reasoning;
    usage_.input_audio += one.input_audio;
    usage_.output_audio += one.output_audio;
    usage_.input_image += one.input_image;
    usage_.output_image += one.output_image;
  }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] const std::string& first() const { return first_; }

  /// All choices are whole.
  Task<Result<void>> end() {
    auto told = co_await tell(dialects::UsageGiven{usage_});
    if (!told) co_return told;
    told = co_await tell(dialects::End{});
    if (!told) co_return told;
    call_.answered = true;
    if (wanted_.stream) {
      told = co_await call_.http.finish();
      co_return told;
    }
    auto body = wanted_.codec.encode_answer(whole_.take(), losses_);
    auto head = headers();
    head.add("content-type", "application/json");
    told = co_await call_.http.send({200, std::move(head), std::move(body)});
    co_return told;
  }
  Task<Result<void>> break_off(Error error) {
    auto told = co_await tell(dialects::Failure{std::move(error)});
    if (told) told = co_await call_.http.finish();
    co_return told;
  }
  [[nodiscard]] std::string rate_lines() const {
    using policy::RateStyle;
    const auto now = policy::Moment::now();
    return policy::rate_headers(*call_.services.accounts.account(call_.who, {}, now), RateStyle::openai, now);
  }

 private:
  [[nodiscard]] net::Headers headers() const {
    net::Headers out{
        {"x-bastide-exchange", first_}, {"x-bastide-exchanges", ids_}, {"cache-control", "no-store"}};
    if (auto warning = dialects::warning_of(losses_); !warning.empty()) out.add("x-bastide-warning", warning);
    out.add_lines(rate_lines());
    return out;
  }
  Task<Result<void>> begin() {
    begun_ = true;
    dialects::Start start{first_, model_, now_ms() / 1000};
    if (!wanted_.stream) co_return whole_.feed(start);
    started_ = call_.answered = true;
    encoder_ = wanted_.codec.stream_encoder({first_, model_, now_ms() / 1000, wanted_.include_usage});
    auto head = headers();
    head.add("content-type", std::string(encoder_->media_type()));
    head.add("x-accel-buffering", "no");
    auto told = co_await call_.http.start(200, std::move(head));
    if (!told) co_return told;
    std::string bytes;
    encoder_->feed(start, bytes, losses_);
    if (!bytes.empty()) told = co_await call_.http.write(std::move(bytes));
    co_return told;
  }
  Task<Result<void>> tell_now(dialects::StreamEvent event) {
    if (!begun_) {
      auto begun = co_await begin();
      if (!begun) co_return begun;
    }
    if (!wanted_.stream) co_return whole_.feed(event);
    std::string bytes;
    encoder_->feed(event, bytes, losses_);
    if (bytes.empty()) co_return Result<void>{};
    auto told = co_await call_.http.write(std::move(bytes));
    co_return told;
  }

  Call& call_;
  const ChoicesCall& wanted_;
  Bell bell_;
  bool busy_ = false;
  bool begun_ = false;
  bool started_ = false;
  std::string ids_, first_, model_;
  std::unique_ptr<dialects::StreamEncoder> encoder_;
  dialects::Collector whole_;
  dialects::Losses losses_;
  dialects::Usage usage_;
};

/// One choice: its events with its number.
class ChoiceSink final : public exchange::EventSink {
 public:
  ChoiceSink(Joined& joined, int index, const exchange::Exchange& exchange, const policy::Labels& labels)
      : joined_(joined), index_(index), exchange_(exchange), labels_(labels) {}
  Task<Result<void>> on_done(const exchange::Exchange& exchange) override {
    joined_.add(exchange);
    auto told = co_await tell_end(exchange, labels_);
    co_return told;
  }

 protected:
  Task<Result<void>> tell(dialects::StreamEvent event) override {
    const bool is_end =
        std::holds_alternative<dialects::UsageGiven>(event) || std::holds_alternative<dialects::End>(event);
    if (is_end) co_return Result<void>{};  // told once, for all
    std::visit(
        [this](auto& each) {
          if constexpr (requires { each.choice = 0; }) each.choice = index_;
        },
        event);
    joined_.know(exchange_);
    auto told = co_await joined_.tell(std::move(event));
    co_return told;
  }

 private:
  Joined& joined_;
  const int index_;
  const exchange::Exchange& exchange_;
  const policy::Labels& labels_;
};

/// What the choices' coroutines share until all have ended.
struct Shared {
  Bell bell;
  std::int64_t running = 0;
  std::optional<Error> failed;
  std::stop_source stop;
};

Task<void> walk(const exchange::Pipeline& pipeline, exchange::Exchange& exchange, Shared& shared) {
  // A bug that throws must not leave the others waiting.
  struct Ending {
    Shared& shared;
    ~Ending() {
      --shared.running;
      shared.bell.ring();
    }
  };
  const Ending ending{shared};
  auto done = co_await pipeline.run(exchange);
  if (done) co_return;
  // The first reason counts: others were stopped for it.
  if (!shared.failed) shared.failed = std::move(done.error());
  shared.stop.request_stop();
}

}  // namespace

Task<Result<void>> answer_choices(Call& call, ChoicesCall wanted) {
  Shared shared;
  StopWithKey caller(call);
  std::optional<Error> key_over;
  caller.on_key_over([&key_over](Error error) { key_over = std::move(error); });
  const std::stop_callback forward(caller.token(), [&shared] { shared.stop.request_stop(); });
  Joined joined(call, wanted);
  std::vector<std::unique_ptr<exchange::Exchange>> exchanges;
  std::vector<std::unique_ptr<ChoiceSink>> sinks;
  const auto prompts = std::max<std::size_t>(wanted.prompts.size(), 1);
  const auto answers = wanted.count * static_cast<std::int64_t>(prompts);
  for (int i = 0; i < answers; ++i) {
    auto& exchange = *exchanges.emplace_back(std::make_unique<exchange::Exchange>());
    exchange.id = new_id("ex");
    exchange.who = call.who;
    exchange.stop = shared.stop.get_token();
    exchange.ask = wanted.ask;
    if (!wanted.prompts.empty())
      exchange.ask.messages = wanted.prompts[static_cast<std::size_t>(i / wanted.count)];
    if (auto& seed = exchange.ask.sampling.seed) *seed += i % wanted.count;
    exchange.sink =
        sinks.emplace_back(std::make_unique<ChoiceSink>(joined, i, exchange, call.services.labels)).get();
    joined.name(exchange);
  }
  auto next = exchanges.begin();
  for (;;) {
    for (; next != exchanges.end() && shared.running < asked_at_once_max && !shared.failed; ++next) {
      ++shared.running;
      (*next)->started_at = now_ms();
      spawn("choice", walk(call.services.pipeline, **next, shared));
    }
    const auto seen = shared.bell.count();
    if (shared.running == 0) break;
    const bool rang = co_await shared.bell.wait(seen, Deadline::in(silence_max));
    if (!rang && wanted.stream && joined.started()) (void)co_await joined.tell(dialects::Ping{});
  }
  if (!shared.failed) {
    auto ended = co_await joined.end();
    co_return ended;
  }
  auto error = key_over ? std::move(*key_over) : std::move(*shared.failed);
  if (joined.started()) {
    auto broken = co_await joined.break_off(in_language(std::move(error), call.language));
    co_return broken;
  }
  if (error.code == Code::cancelled) co_return std::unexpected(std::move(error));
  auto told = co_await call.send_error(error, joined.first(), joined.rate_lines());
  co_return told;
}

}  // namespace bastide::http_api
