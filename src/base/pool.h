// Bounded pools of threads for work that blocks or computes: files, the database, password hashes, search.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace bastide {

class Pool {
 public:
  /// `queue_max` bounds what may wait; beyond it work is refused with Code::overloaded.
  Pool(std::string name, std::size_t threads, std::size_t queue_max);
  /// Finishes what was accepted.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// False when the queue is full. Thread-safe.
  [[nodiscard]] bool try_post(Executor::Fn fn);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void work();

  std::string name_;
  std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Executor::Fn> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

namespace detail {
template <class Fn>
struct OnPool {
  using Value = std::invoke_result_t<Fn>;  // a Result<...>
  Pool& pool;
  Fn fn;
  std::optional<Value> value{};
  std::exception_ptr thrown{};

  [[nodiscard]] bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    auto* back = Executor::current();
    return pool.try_post([this, handle, back] {
      try {
        value.emplace(fn());
      } catch (...) {
        thrown = std::current_exception();
      }
      if (back)
        back->post([handle] { handle.resume(); });
      else
        handle.resume();
    });
  }
  Value await_resume() {
    if (thrown) std::rethrow_exception(thrown);
    if (!value)
      return fail(Code::overloaded, "Too much is going on at once.", "pool_full", "Try again in a moment.");
    return std::move(*value);
  }
};
}  // namespace detail

/// Runs `fn`, which returns a Result, on `pool` and goes on where the caller was. Code::overloaded when it is
/// full. `fn` is a plain function object: what it refers to must outlive the await.
template <class Fn>
[[nodiscard]] Task<std::invoke_result_t<Fn>> run_on(Pool& pool, Fn fn) {
  detail::OnPool<Fn> awaiter{pool, std::move(fn)};
  co_return co_await awaiter;
}

}  // namespace bastide
