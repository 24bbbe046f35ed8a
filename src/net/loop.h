// The event loop: one thread, one epoll. Every connection belongs to one loop for life.
#pragma once

#include <cstdint>
#include <memory>
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

}  // namespace bastide::net
