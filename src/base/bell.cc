#include "base/bell.h"

#include <atomic>

namespace bastide {

struct Bell::Waiter {
  std::coroutine_handle<> handle;
  Executor* executor = nullptr;
  std::atomic<bool> woken{false};
  bool rang = false;

  // The first of ring and timeout wins.
  void wake(bool by_ring) {
    if (woken.exchange(true)) return;
    rang = by_ring;
    if (executor)
      executor->post([handle_copy = handle] { handle_copy.resume(); });
    else
      handle.resume();
  }
};

struct Bell::Awaiter {
  Bell& bell;
  std::uint64_t seen;
  Deadline deadline;
  std::shared_ptr<Waiter> waiter = std::make_shared<Waiter>();

  [[nodiscard]] bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    auto kept = waiter;  // this frame may be gone as soon as the lock is released
    kept->handle = handle;
    kept->executor = Executor::current();
    auto until = deadline.at();
    {
      std::lock_guard lock(bell.mutex_);
      if (bell.count_ != seen) {
        kept->rang = true;
        return false;
      }
      std::erase_if(bell.waiters_, [](const auto& other) { return other->woken.load(); });
      bell.waiters_.push_back(kept);
    }
    if (until != Steady::time_point::max() && kept->executor)
      kept->executor->post_at(until, [kept] { kept->wake(false); });
    return true;
  }
  [[nodiscard]] bool await_resume() const { return waiter->rang; }
};

void Bell::ring() {
  std::vector<std::shared_ptr<Waiter>> woken;
  {
    std::lock_guard lock(mutex_);
    ++count_;
    woken.swap(waiters_);
  }
  for (auto& waiter : woken) waiter->wake(true);
}

std::uint64_t Bell::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

Task<bool> Bell::wait(std::uint64_t seen, Deadline deadline) {
  Awaiter awaiter{*this, seen, deadline};
  bool rang = co_await awaiter;
  co_return rang;
}

}  // namespace bastide
