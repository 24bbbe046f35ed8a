// How a pull goes on, told to a person or to a program.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace bastide::models {

/// One thread at a time.
class PullTeller {
 public:
  enum class Step { fetching, checking };
  virtual ~PullTeller() = default;
  /// A long step; the one before has ended. `total_bytes` 0: unknown.
  virtual void begin(Step step, const std::string& model, std::uint64_t total_bytes) = 0;
  virtual void show(std::uint64_t done_bytes) = 0;
  /// A sentence on what happened.
  virtual void say(const std::string& sentence) = 0;
};

/// On standard error: one line that changes on a terminal, a line every tenth elsewhere.
[[nodiscard]] std::unique_ptr<PullTeller> tell_person();
/// Lines of JSON on standard output, {"step","done_bytes","total_bytes"}, a few a second; sentences on
/// standard error.
[[nodiscard]] std::unique_ptr<PullTeller> tell_program();

/// A finished step on standard error, as "▪ text".
void say(const std::string& text);

}  // namespace bastide::models
