#include "exchange/stages/start.h"

#include <deque>

#include "exchange/stages/calling.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t heads_max = 64;

// A completion whose first events were already taken, to know that the model answers.
class Primed final : public Completion {
 public:
  Primed(std::deque<dialects::StreamEvent> first, std::unique_ptr<Completion> rest, FairGates::Places places)
      : places_(std::move(places)), first_(std::move(first)), rest_(std::move(rest)) {}
  [[nodiscard]] const dialects::Losses& losses() const override { return rest_->losses(); }
  [[nodiscard]] Computed computed() const override { return rest_->computed(); }
  Task<Result<dialects::StreamEvent>> next() override {
    if (!first_.empty()) {
      auto event = std::move(first_.front());
      first_.pop_front();
      co_return event;
    }
    auto event = co_await rest_->next();
    co_return event;
  }

 private:
  FairGates::Places places_;  // as long as the answer runs
  std::deque<dialects::StreamEvent> first_;
  std::unique_ptr<Completion> rest_;
};

}  // namespace

Task<Result<std::unique_ptr<Completion>>> start_answering(Models& models, const FairGates* gates,
                                                          ModelCall call, std::stop_token stop,
                                                          StartWatcher& watcher) {
  auto places = co_await enter(gates, call.model, call.caller.priority);
  if (!places) co_return pass(places);
  watcher.on_sent();
  auto completion = co_await models.start(std::move(call), stop);
  if (!completion) co_return pass(completion);
  // Heads say nothing yet: a provider may still give up.
  std::deque<dialects::StreamEvent> first;
  bool says_something = false;
  while (!says_something && first.size() < heads_max) {
    auto event = co_await (*completion)->next();
    if (!event) co_return pass(event);
    if (const auto place = queue_place_of(*event)) {
      auto told = co_await watcher.on_place(*place);
      if (!told) co_return pass(told);
      continue;
    }
    const auto* usage = std::get_if<dialects::UsageGiven>(&*event);
    if (usage) watcher.on_usage(usage->usage);
    says_something = !usage && !std::holds_alternative<dialects::Start>(*event);
    first.push_back(std::move(*event));
  }
  co_return std::make_unique<Primed>(std::move(first), std::move(*completion), std::move(*places));
}

}  // namespace bastide::exchange
