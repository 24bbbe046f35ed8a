// A model's way to its first words: its queue, its acceptance, what it says before it speaks.
#pragma once

#include <memory>
#include <stop_token>

#include "base/fair_gate.h"
#include "exchange/ports.h"
#include "exchange/queue_place.h"

namespace bastide::exchange {

/// Hears how a start goes on, in order, from the coroutine that awaits it.
class StartWatcher {
 public:
  virtual ~StartWatcher() = default;
  /// The call goes out: from here on it may cost something.
  virtual void on_sent() {}
  /// The model tells what it counted, before its first words.
  virtual void on_usage(const dialects::Usage& /*usage*/) {}
  /// It waits for one of this house's models. An error ends the start.
  virtual Task<Result<void>> on_place(QueuePlace place) = 0;
};

/// Gives a completion that has begun to answer; until then the model may still give up, and another be asked.
/// The completion holds the call's place at `gates` (null: there are none). All references outlive the task.
[[nodiscard]] Task<Result<std::unique_ptr<Completion>>> start_answering(Models& models,
                                                                        const FairGates* gates,
                                                                        ModelCall call, std::stop_token stop,
                                                                        StartWatcher& watcher);

}  // namespace bastide::exchange
