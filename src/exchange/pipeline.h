// The way of every question, from the web, the API, an agent or a batch.
#pragma once

#include <memory>
#include <vector>

#include "exchange/stage.h"
#include "exchange/work.h"

namespace bastide::exchange {

/// Immutable; thread-safe.
class Pipeline {
 public:
  explicit Pipeline(const Rooms& rooms);

  /// Walks the stages in their order. A stop request while the model answers is not an error: what came is
  /// kept and `finish` is cancelled. After an error the record is still kept, and the error is returned.
  [[nodiscard]] Task<Result<void>> run(Exchange& exchange) const;

  /// The same way for what is no answer in words: identify, admit, label, guard_in, route, pseudonymise,
  /// call, record. The messages of the ask are what is sent, the last of them the question.
  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, Work& work) const;

  /// The first seven stages only, then what pseudonyms would hide: for "what the model will receive". Nothing
  /// is reserved, stored or sent.
  [[nodiscard]] Task<Result<void>> preview(Exchange& exchange) const;

 private:
  [[nodiscard]] Task<Result<void>> walk(Exchange& exchange, std::vector<const Stage*> stages) const;
  [[nodiscard]] Task<Result<void>> step(const Stage& stage, Exchange& exchange) const;

  const Rooms rooms_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::unique_ptr<Stage> record_;
};

}  // namespace bastide::exchange
