// Receipts of calls that passed as bytes: the same record as for those that walked every stage.
#pragma once

#include <atomic>

#include "exchange/ports.h"
#include "gateway/recorder.h"
#include "net/loop.h"
#include "policy/labels.h"
#include "policy/ledger.h"

namespace bastide::app {

/// Writes them on `loop`, so that no caller waits. All that it refers to outlives it and the loop's work.
class GatewayReceipts final : public gateway::Recorder {
 public:
  static constexpr std::int64_t waiting_max = 20'000;

  GatewayReceipts(net::Loop& loop, const policy::Labels& labels, const exchange::Footprint& footprint,
                  exchange::Records& records, policy::Ledger& ledger)
      : loop_(loop), labels_(labels), footprint_(footprint), records_(records), ledger_(ledger) {}
  void add(gateway::Passed passed) override;
  [[nodiscard]] bool full() const override { return waiting_ >= waiting_max || ledger_.full(); }

 private:
  Task<void> keep(gateway::Passed passed);

  net::Loop& loop_;
  const policy::Labels& labels_;
  const exchange::Footprint& footprint_;
  exchange::Records& records_;
  policy::Ledger& ledger_;
  std::atomic<std::int64_t> waiting_{0};
};

}  // namespace bastide::app
