// What a model can be asked besides an answer in words: a ranking, vectors.
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
  /// with another model when it failed.
  virtual Task<Result<Usage>> ask(policy::ModelCard model, std::vector<Message> messages,
                                  std::stop_token stop) = 0;
};

}  // namespace bastide::exchange
