#include "base/task.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "base/log.h"

namespace bastide {
namespace {
thread_local Executor* current_executor = nullptr;
std::atomic<std::uint64_t> failures{0};

// The coroutine that owns a spawned task and frees itself at its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

Detached run_detached(const char* name, Task<void> task) {
  try {
    co_await task;
  } catch (const std::exception& error) {
    failures.fetch_add(1, std::memory_order_relaxed);
    log::error("task_failed", {{"task", name}, {"what", error.what()}});
  }
}

struct Sleep {
  Millis span;
  [[nodiscard]] bool await_ready() const { return span <= Millis(0); }
  void await_suspend(std::coroutine_handle<> handle) const {
    Executor::current()->post_at(Steady::now() + span, [handle] { handle.resume(); });
  }
  void await_resume() const {}
};
}  // namespace

Executor* Executor::current() { return current_executor; }
Executor::Running::Running(Executor* executor) : before_(std::exchange(current_executor, executor)) {}
Executor::Running::~Running() { current_executor = before_; }

void spawn(const char* name, Task<void> task) { run_detached(name, std::move(task)); }

void spawn_on(Executor& executor, const char* name, Task<void> task) {
  executor.post([name, task = std::move(task)]() mutable { spawn(name, std::move(task)); });
}

std::uint64_t spawned_failures() { return failures.load(std::memory_order_relaxed); }

Task<void> sleep_for(Millis span) { co_await Sleep{span}; }

struct SyncExecutor::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Fn> ready;
  struct Timer {
    Steady::time_point when;
    Fn fn;
  };
  std::vector<Timer> timers;
};

SyncExecutor::SyncExecutor() : state_(new State) {}
SyncExecutor::~SyncExecutor() { delete state_; }

void SyncExecutor::post(Fn fn) {
  std::lock_guard lock(state_->mutex);
  state_->ready.push_back(std::move(fn));
  state_->wake.notify_one();
}

void SyncExecutor::post_at(Steady::time_point when, Fn fn) {
  std::lock_guard lock(state_->mutex);
  state_->timers.push_back({when, std::move(fn)});
  state_->wake.notify_one();
}

void SyncExecutor::run_until(const std::function<bool()>& done) {
  Running running(this);
  while (!done()) {
    std::unique_lock lock(state_->mutex);
    auto now = Steady::now();
    auto& timers = state_->timers;
    for (std::size_t i = 0; i < timers.size();) {
      if (timers[i].when > now) {
        ++i;
        continue;
      }
      state_->ready.push_back(std::move(timers[i].fn));
      timers.erase(timers.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (state_->ready.empty()) {
      if (timers.empty()) {
        state_->wake.wait(lock);
      } else {
        auto next = std::ranges::min_element(timers, {}, &State::Timer::when)->when;
        state_->wake.wait_until(lock, next);
      }
      continue;
    }
    auto fn = std::move(state_->ready.front());
    state_->ready.pop_front();
    lock.unlock();
    fn();
  }
}

}  // namespace bastide
