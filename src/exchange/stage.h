// A stage: one decision on the way of a question.
#pragma once

#include <string_view>

#include "base/fair_gate.h"
#include "base/task.h"
#include "exchange/exchange.h"
#include "exchange/ports.h"

namespace bastide::exchange {

/// What all stages may use. References outlive the pipeline.
struct Rooms {
  const policy::Labels& labels;
  const policy::Router& router;
  Admission& admission;
  Guard& guard;
  Knowledge& knowledge;
  Models& models;
  Footprint& footprint;
  Records& records;
  Spans* spans = nullptr;            // null: nothing is traced
  const FairGates* gates = nullptr;  // of providers and models that take only so many calls at once
};

/// Stateless; one object serves all exchanges at once. `run` fills the exchange and says in `trace` what it
/// decided and why. An error ends the exchange: later stages are skipped, except that the record is kept.
class Stage {
 public:
  virtual ~Stage() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const = 0;
};

}  // namespace bastide::exchange
