// What computing takes, where the machine tells: RAPL's counters of processor and memory (Linux powercap),
// NVML's of NVIDIA GPUs.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace bastide::models::local {

/// Energy that some parts of this machine have used. One thread at a time.
class EnergyCounter {
 public:
  virtual ~EnergyCounter() = default;
  /// Joules since it was made; never less than before.
  [[nodiscard]] virtual double joules() = 0;
  /// "RAPL", "NVML"
  [[nodiscard]] virtual std::string name() const = 0;
};

/// Processors' packages and their memory below `folder`, as far as they can be read. Null where none can:
/// most systems let only root read them.
[[nodiscard]] std::unique_ptr<EnergyCounter> rapl_counter(const std::string& folder = "/sys/class/powercap");
/// The GPUs at these addresses on the PCI bus ("0000:c1:00.0"); those without one are left out. Null where
/// NVML (`library`) knows none of them.
[[nodiscard]] std::unique_ptr<EnergyCounter> nvml_counter(const std::vector<std::string>& addresses,
                                                          const std::string& library = "libnvidia-ml.so.1");

/// Shares what was used among those who computed at the time, by their tokens. One thread at a time.
class EnergyShares {
 public:
  /// Counters are read so often at most.
  static constexpr std::chrono::milliseconds window{10};

  explicit EnergyShares(std::vector<std::unique_ptr<EnergyCounter>> counters);
  /// What stands in receipts: "RAPL", "RAPL and NVML". Empty: nothing is measured.
  [[nodiscard]] std::string source() const;
  /// Work begins after a pause: what was used in it belongs to nobody.
  void begin();
  /// `call` had so many tokens computed.
  void add(std::uint64_t call, std::size_t tokens);
  /// After a computation.
  void note(Steady::time_point now);
  /// What `call` used, in joules. It has ended: nothing is kept of it.
  [[nodiscard]] double take(std::uint64_t call);

 private:
  void share_out();
  [[nodiscard]] double joules();

  std::vector<std::unique_ptr<EnergyCounter>> counters_;
  std::unordered_map<std::uint64_t, double> used_;           // joules, by call
  std::unordered_map<std::uint64_t, std::size_t> computed_;  // tokens since the counters were read
  double read_ = 0;
  Steady::time_point read_at_{};
};

}  // namespace bastide::models::local
