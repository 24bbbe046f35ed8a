// The event loop: one thread, one epoll. Every connection belongs to one loop for life.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/task.h"

namespace bastide::net {

/// An Executor on epoll. `run` blocks its thread until `stop`.
class Loop final : public Executor {
 public:
  static Result<std::unique_ptr<Loop>> create();
  ~Loop() override;

  void post(Fn fn) override;
  void post_at(Steady::time_point when, Fn fn) override;

  void run();
  /// Thread-safe.
  void stop();

  /// The loop of this thread, or nullptr.
  [[nodiscard]] static Loop* current();

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }  // for src/net only

 private:
  explicit Loop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A Loop on a thread of its own: started by the constructor, stopped and joined by the destructor.
class LoopThread {
 public:
  static Result<std::unique_ptr<LoopThread>> start(std::string name);
  ~LoopThread();
  [[nodiscard]] Loop& loop() { return *loop_; }

 private:
  LoopThread() = default;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

/// Runs `task` on `loop` and blocks the calling thread, which is not the loop's, until it is done: the
/// command line, start-up and tests.
template <class T>
T run_blocking(Loop& loop, Task<T> task) {
  struct Outcome {
    std::optional<T> value{};
    std::exception_ptr thrown{};
    std::binary_semaphore done{0};
  };
  auto outcome = std::make_shared<Outcome>();
  auto run = [](Task<T> given, std::shared_ptr<Outcome> out) -> Task<void> {
    try {
      Task<T> inner = std::move(given);  // gone, with all it holds, before the caller goes on
      out->value.emplace(co_await inner);
    } catch (...) {
      out->thrown = std::current_exception();
    }
    out->done.release();
  };
  spawn_on(loop, "run_blocking", run(std::move(task), outcome));
  outcome->done.acquire();
  if (outcome->thrown) std::rethrow_exception(outcome->thrown);
  return std::move(*outcome->value);
}

}  // namespace bastide::net
