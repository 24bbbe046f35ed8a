// Awaiting a task from a thread that has no event loop.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace bastide::knowledge::ingest {

namespace detail {
template <class T>
Task<void> deliver(Task<Result<T>> task, std::shared_ptr<std::promise<Result<T>>> into) {
  auto result = co_await task;
  into->set_value(std::move(result));
}
}  // namespace detail

/// Runs `task` on `executor` and blocks this thread for it; on this thread when `executor` is null.
/// Code::timeout when it took longer than `patience`, Code::cancelled soon after a request to stop: it may
/// then still go on, on its own.
template <class T>
Result<T> await_on(Executor* executor, Task<Result<T>> task, std::chrono::seconds patience,
                   const std::stop_token& stop) {
  if (!executor) return sync_wait(std::move(task));
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  spawn_on(*executor, "knowledge_await", detail::deliver<T>(std::move(task), promise));
  const auto deadline = Deadline::in(patience);
  while (future.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (stop.stop_requested()) return fail(Code::cancelled, "The program is stopping.");
    if (deadline.passed())
      return fail(Code::timeout, "The embedding model did not answer in time.", "embedding_timeout",
                  "Try again later.");
  }
  return future.get();
}

}  // namespace bastide::knowledge::ingest
