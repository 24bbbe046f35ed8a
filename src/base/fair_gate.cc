#include "base/fair_gate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bastide {
namespace {
constexpr std::array<int, FairGate::kinds> shares{8, 3, 1};
}

/// Suspends until a place is granted or patience ends.
struct FairGate::Wait {
  FairGate& gate;
  std::shared_ptr<Waiter> waiter;
  Kind kind;
  Millis patience;

  [[nodiscard]] bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    auto* executor = Executor::current();
    {
      const std::lock_guard lock(gate.mutex_);
      // A place may have become free since the caller looked.
      if (gate.free_ > 0) {
        --gate.free_;
        waiter->outcome = Waiter::Outcome::granted;
        return false;
      }
      waiter->executor = executor;
      waiter->handle = handle;
      gate.queues_[static_cast<std::size_t>(kind)].push_back(waiter);
    }
    // The timer may fire when the waiter has long been served, and the gate is gone: it looks at its own
    // first.
    executor->post_at(Steady::now() + patience, [weak = std::weak_ptr(waiter), &owner = gate, of = kind] {
      const auto late = weak.lock();
      if (!late) return;
      {
        const std::lock_guard lock(owner.mutex_);
        if (late->outcome != Waiter::Outcome::none) return;
        late->outcome = Waiter::Outcome::timed_out;
        std::erase(owner.queues_[static_cast<std::size_t>(of)], late);
      }
      late->handle.resume();
    });
    return true;
  }
  void await_resume() const {}
};

Task<Result<FairGate::Place>> FairGate::enter(Kind kind, Millis patience) {
  auto waiter = std::make_shared<Waiter>();
  {
    const std::lock_guard lock(mutex_);
    std::size_t queued = 0;
    for (const auto& queue : queues_) queued += queue.size();
    if (free_ > 0 && queued == 0) {
      --free_;
      waiter->outcome = Waiter::Outcome::granted;
    } else if (queued >= waiting_max_) {
      co_return std::unexpected(full("queue_full"));
    }
  }
  if (waiter->outcome == Waiter::Outcome::granted) co_return Place(*this);
  co_await Wait{*this, waiter, kind, patience};
  if (waiter->outcome == Waiter::Outcome::granted) co_return Place(*this);
  const std::lock_guard lock(mutex_);
  co_return std::unexpected(full("queue_timeout"));
}

Error FairGate::full(std::string detail) const {
  std::size_t queued = 0;
  for (const auto& queue : queues_) queued += queue.size();
  const double wait_s = usual_s_ * static_cast<double>(queued + 1) / static_cast<double>(at_once_);
  return {Code::overloaded, "Too many calls wait for this model.", std::move(detail), "Try again later.",
          std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(wait_s)), 1, 600)};
}

std::shared_ptr<FairGate::Waiter> FairGate::next() {
  // Smooth weighted round robin among those that wait.
  std::size_t best = kinds;
  int total = 0;
  for (std::size_t i = 0; i < kinds; ++i) {
    if (queues_[i].empty()) continue;
    credits_[i] += shares[i];
    total += shares[i];
    if (best == kinds || credits_[i] > credits_[best]) best = i;
  }
  if (best == kinds) return nullptr;
  credits_[best] -= total;
  auto waiter = std::move(queues_[best].front());
  queues_[best].pop_front();
  if (queues_[best].empty()) credits_[best] = 0;
  return waiter;
}

void FairGate::leave(Steady::duration took) {
  std::shared_ptr<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    constexpr double weight = 0.1;
    usual_s_ += weight * (std::chrono::duration<double>(took).count() - usual_s_);
    waiter = next();
    if (waiter)
      waiter->outcome = Waiter::Outcome::granted;
    else
      ++free_;
  }
  if (waiter) waiter->executor->post([handle = waiter->handle] { handle.resume(); });
}

std::size_t FairGate::waiting() const {
  const std::lock_guard lock(mutex_);
  return std::accumulate(queues_.begin(), queues_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& queue) { return sum + queue.size(); });
}

FairGates::FairGates(const Config& config) {
  const auto add = [](auto& gates, const std::string& id, std::int64_t at_once) {
    if (at_once > 0) gates.emplace(id, std::make_unique<FairGate>(at_once, waiting_max));
  };
  for (const auto& provider : config.providers) add(providers_, provider.id, provider.max_concurrent);
  for (const auto& model : config.models) add(models_, model.id, model.max_concurrent);
}

FairGate* FairGates::of_provider(const std::string& id) const {
  const auto found = providers_.find(id);
  return found == providers_.end() ? nullptr : found->second.get();
}

FairGate* FairGates::of_model(const std::string& id) const {
  const auto found = models_.find(id);
  return found == models_.end() ? nullptr : found->second.get();
}

Task<Result<FairGates::Places>> FairGates::enter(FairGate* model, FairGate* provider, FairGate::Kind kind) {
  Places places;
  if (model) {
    auto place = co_await model->enter(kind, patience);
    if (!place) co_return pass(place);
    places.model = std::move(*place);
  }
  if (provider) {
    auto place = co_await provider->enter(kind, patience);
    if (!place) co_return pass(place);
    places.provider = std::move(*place);
  }
  co_return places;
}

}  // namespace bastide
