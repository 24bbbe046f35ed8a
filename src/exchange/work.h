// What a model can be asked besides an answer in words: a ranking, vectors, speech.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "base/task.h"
#include "exchange/exchange.h"

namespace bastide::exchange {

/// One piece of work for one exchange; keeps its result for whoever made it. Used by one coroutine.
class Work {
 public:
  virtual ~Work() = default;
  /// Asks `model`. `messages` are those of the ask, with pseudonyms where they leave the walls. Called again
  /// with another model when it failed. Without a capability no model is needed: `model` is empty then.
  virtual Task<Result<Usage>> ask(policy::ModelCard model, std::vector<Message> messages,
                                  std::stop_token stop) = 0;
  /// Whether the caller has got something already: then no other model is asked, and what the exchange's
  /// usage says is what it cost.
  [[nodiscard]] virtual bool answering() const { return false; }
};

}  // namespace bastide::exchange
