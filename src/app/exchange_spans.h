// Exchanges that walk the stages, as spans for a collector.
#pragma once

#include <map>
#include <string>

#include "base/config.h"
#include "exchange/ports.h"
#include "observe/traces.h"

namespace bastide::app {

/// Thread-safe. `traces` outlives it.
class ExchangeSpans final : public exchange::Spans {
 public:
  ExchangeSpans(const Config& config, observe::Traces& traces);
  [[nodiscard]] std::string begin(std::string_view traceparent) const override;
  void end(const exchange::Exchange& exchange) override;

 private:
  struct Server {
    std::string dialect, authority;
  };
  observe::Traces& traces_;
  std::map<std::string, Server, std::less<>> servers_;  // by the provider's id
};

}  // namespace bastide::app
