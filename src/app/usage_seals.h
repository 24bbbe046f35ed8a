// The rows of the usage log as leaves of the audit log: calls that passed as bytes get their proof too.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "governance/audit.h"
#include "governance/verify.h"
#include "identity/principal.h"
#include "storage/policy/usage_log.h"
#include "storage/policy/usage_seals.h"

namespace bastide::app {

/// A seal is an event of the audit log: the root of a Merkle tree over some rows of a segment, as their bytes
/// stand on the disk, and the hash of the words that were added since the seal before. So a row is proven by
/// its path to that root, and by the proof of the event. Thread-safe; references outlive it.
class UsageSeals {
 public:
  static constexpr std::string_view kind = "usage_sealed";
  static constexpr Millis every{10'000};
  static constexpr std::int64_t rows_max = 65'536;  // of one seal

  UsageSeals(storage::SqliteUsageLog& log, storage::UsageSealStore& store, governance::Audit& audit)
      : log_(log), store_(store), audit_(audit) {}
  /// Stops the thread and seals what is left.
  ~UsageSeals();

  /// Seals now and then from here on. For the one process that serves a data folder.
  void start();
  /// Seals what stands in the segments of all processes. Blocks.
  Result<void> seal();
  /// The proof of an exchange's row, for its person or an administrator; sealed first when it is not yet.
  /// Code::not_found for everybody else, with the same words. Blocks.
  Result<std::string> proof_json(std::string_view exchange, const identity::Principal& who);

 private:
  Result<void> seal_segment(const std::string& segment);
  void work();

  storage::SqliteUsageLog& log_;
  storage::UsageSealStore& store_;
  governance::Audit& audit_;
  std::mutex sealing_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

/// For governance::verify_log: holds seals to the rows and words in `usage_folder`. A segment that was pruned
/// is no problem.
[[nodiscard]] governance::Witness usage_witness(std::string usage_folder);

}  // namespace bastide::app
