// What commands share: as whom they act, in which language, and waiting for a task on a loop.
#pragma once

#include <future>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "identity/identity.h"
#include "net/loop.h"

namespace bastide::app {

/// The person of that e-mail; without one, the first administrator there is.
[[nodiscard]] Result<identity::Principal> acting_person(identity::Identity& identity,
                                                        const std::string& email);

/// "fr" or "en" by LC_ALL, LC_MESSAGES or LANG.
[[nodiscard]] std::string language_of_terminal();

/// Runs `task` on `loop`, another thread's, and blocks until it is done.
template <class T>
T run_on_loop(net::Loop& loop, Task<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  auto run = [](Task<T> inner, std::promise<T>& out) -> Task<void> {
    try {
      auto value = co_await inner;
      out.set_value(std::move(value));
    } catch (...) {
      out.set_exception(std::current_exception());
    }
  };
  spawn_on(loop, "command", run(std::move(task), promise));
  return future.get();
}

}  // namespace bastide::app
