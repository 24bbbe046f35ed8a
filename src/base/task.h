// Coroutines: Task<T> is a lazy computation that one other awaits; an Executor is the thread that runs them.
//
// Rules (see docs/building.md): one await a statement; a reference parameter is allowed where the caller
// awaits the task at once and so outlives it; never a lock across an await; a Task that nobody awaits is
// given to spawn().
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/frame_pool.h"
#include "base/time.h"

namespace bastide {

/// A thread that runs small functions in turn: an event loop, or a test's own loop.
class Executor {
 public:
  using Fn = std::move_only_function<void()>;

  virtual ~Executor() = default;
  /// Runs `fn` on this executor's thread, later. Thread-safe.
  virtual void post(Fn fn) = 0;
  /// Runs `fn` at `when` or up to 20 ms after. Thread-safe. There is no cancel: `fn` checks whether it still
  /// matters.
  virtual void post_at(Steady::time_point when, Fn fn) = 0;

  /// The executor whose thread this is, or nullptr. A coroutine that suspends is resumed on the executor
  /// where it suspended; where there is none, on the thread that woke it.
  [[nodiscard]] static Executor* current();

 protected:
  /// Marks the calling thread as this executor's while it lives.
  class Running {
   public:
    explicit Running(Executor* executor);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Executor* before_;
  };
};

template <class T>
class Task;

namespace detail {
struct PromiseBase {
  std::coroutine_handle<> awaiting = std::noop_coroutine();
  std::exception_ptr thrown{};

  static void* operator new(std::size_t size) { return take_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { give_frame(frame, size); }

  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().awaiting;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> result{};
  Task<T> get_return_object();
  template <class U>
    requires std::convertible_to<U, T>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T take() {
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {
    if (thrown) std::rethrow_exception(thrown);
  }
};
}  // namespace detail

/// Starts when awaited, once. Destroying a task that is suspended destroys its frame: only do so when nothing
/// still holds its handle. Exceptions (bugs) pass through to the awaiter.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().awaiting = awaiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

/// Starts `task` on the calling thread and lets it run by itself. `name` names it in the log should it throw,
/// which is a bug: it is logged and counted, never ignored. See spawned_failures().
void spawn(const char* name, Task<void> task);
/// As spawn, but on `executor`. Thread-safe.
void spawn_on(Executor& executor, const char* name, Task<void> task);
/// How many spawned tasks ended by an exception since the start of the process.
[[nodiscard]] std::uint64_t spawned_failures();

/// Suspends for `span`. Needs a current executor.
[[nodiscard]] Task<void> sleep_for(Millis span);

/// An executor on the calling thread that runs until one task is done: tests and the command line.
class SyncExecutor final : public Executor {
 public:
  SyncExecutor();
  ~SyncExecutor() override;
  void post(Fn fn) override;
  void post_at(Steady::time_point when, Fn fn) override;
  /// Runs what is posted until `done` is true.
  void run_until(const std::function<bool()>& done);

 private:
  struct State;
  State* state_;
};

/// Runs `task` to its end on a SyncExecutor of its own.
template <class T>
T sync_wait(Task<T> task) {
  SyncExecutor executor;
  bool done = false;
  if constexpr (std::is_void_v<T>) {
    std::exception_ptr thrown;
    auto run = [](Task<void> inner, bool& finished, std::exception_ptr& error) -> Task<void> {
      try {
        co_await inner;
      } catch (...) {
        error = std::current_exception();
      }
      finished = true;
    };
    executor.post([&] { spawn("sync_wait", run(std::move(task), done, thrown)); });
    executor.run_until([&] { return done; });
    if (thrown) std::rethrow_exception(thrown);
  } else {
    std::optional<T> result;
    std::exception_ptr thrown;
    auto run = [](Task<T> inner, bool& finished, std::optional<T>& out,
                  std::exception_ptr& error) -> Task<void> {
      try {
        out.emplace(co_await inner);
      } catch (...) {
        error = std::current_exception();
      }
      finished = true;
    };
    executor.post([&] { spawn("sync_wait", run(std::move(task), done, result, thrown)); });
    executor.run_until([&] { return done; });
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
  }
}

}  // namespace bastide
