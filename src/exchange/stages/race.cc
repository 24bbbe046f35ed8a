#include "exchange/stages/race.h"

#include <functional>

namespace bastide::exchange {

/// Shared by the race and the runner's coroutine, which may outlive it by the moment that cancelling takes.
struct Race::Runner final : StartWatcher {
  Runner(std::shared_ptr<Bell> rings, const std::stop_token& outer)
      : bell(std::move(rings)), on_outer(outer, [this] { stop.request_stop(); }) {}
  void on_sent() override { sent = true; }
  void on_usage(const dialects::Usage& given) override { usage = given; }
  Task<Result<void>> on_place(QueuePlace at) override {
    place = at;
    bell->ring();
    co_return Result<void>{};
  }

  const std::shared_ptr<Bell> bell;
  std::stop_source stop;
  const std::stop_callback<std::function<void()>> on_outer;  // after `stop`, which it uses
  bool given_up = false;
  bool sent = false;
  std::optional<dialects::Usage> usage;
  std::optional<QueuePlace> place;  // that was not told yet
  std::optional<Result<std::unique_ptr<Completion>>> outcome;
  bool told = false;
  bool taken = false;
};

namespace {

// Keeps what stops a completion as long as it runs.
class Winner final : public Completion {
 public:
  Winner(std::unique_ptr<Completion> completion, std::shared_ptr<void> keeps)
      : keeps_(std::move(keeps)), completion_(std::move(completion)) {}
  [[nodiscard]] const dialects::Losses& losses() const override { return completion_->losses(); }
  [[nodiscard]] Computed computed() const override { return completion_->computed(); }
  Task<Result<dialects::StreamEvent>> next() override {
    auto event = co_await completion_->next();
    co_return event;
  }

 private:
  std::shared_ptr<void> keeps_;
  std::unique_ptr<Completion> completion_;
};

}  // namespace

Race::Race(Models& models, const FairGates* gates, std::stop_token stop)
    : models_(models), gates_(gates), stop_(std::move(stop)) {}

Race::~Race() {
  for (const auto& runner : runners_) {
    if (runner->taken) continue;
    runner->given_up = true;
    runner->outcome.reset();
    runner->stop.request_stop();
  }
}

std::size_t Race::add(ModelCall call) {
  auto runner = std::make_shared<Runner>(bell_, stop_);
  runners_.push_back(runner);
  spawn("model_start", run(std::move(runner), std::move(call), models_, gates_));
  return runners_.size() - 1;
}

Task<void> Race::run(std::shared_ptr<Runner> runner, ModelCall call, Models& models, const FairGates* gates) {
  auto outcome = co_await start_answering(models, gates, std::move(call), runner->stop.get_token(), *runner);
  // What a runner that was given up still brings ends here, and with it its call.
  if (!runner->given_up) runner->outcome.emplace(std::move(outcome));
  runner->bell->ring();
}

std::optional<Race::News> Race::news() {
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    auto& runner = *runners_[i];
    if (runner.outcome && !runner.told) {
      runner.told = true;
      if (*runner.outcome) return News{News::What::answers, i, {}, {}};
      return News{News::What::failed, i, {}, std::move(runner.outcome->error())};
    }
    if (runner.place) return News{News::What::queued, i, *std::exchange(runner.place, std::nullopt), {}};
  }
  return std::nullopt;
}

Task<Race::News> Race::next(Deadline deadline) {
  for (;;) {
    const auto seen = bell_->count();
    if (auto found = news()) co_return std::move(*found);
    const bool rang = co_await bell_->wait(seen, deadline);
    if (!rang) co_return News{};
  }
}

std::unique_ptr<Completion> Race::take(std::size_t runner) {
  auto& winner = runners_[runner];
  winner->taken = true;
  return std::make_unique<Winner>(std::move(**winner->outcome), winner);
}

bool Race::runs(std::size_t runner) const { return !runners_[runner]->told; }

bool Race::was_sent(std::size_t runner) const { return runners_[runner]->sent; }

const std::optional<dialects::Usage>& Race::usage(std::size_t runner) const {
  return runners_[runner]->usage;
}

}  // namespace bastide::exchange
