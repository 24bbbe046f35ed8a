// A line of JSON for each call of a model that has ended: who, which, how long, how much. Never what was
// said.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "observe/call_metrics.h"
#include "policy/usage.h"

namespace bastide::observe {

[[nodiscard]] std::string access_line(const policy::UsageRow& row, const WordText& text);

/// Appends to a file, or to standard output. The file is opened for each batch of rows, so that whoever
/// rotates it need tell nobody. One thread at a time.
class AccessLog {
 public:
  /// `where`: "stdout", or a path.
  AccessLog(std::string where, WordText text) : where_(std::move(where)), text_(std::move(text)) {}
  /// Blocks. What cannot be written is lost, and said once in the program's log.
  void take(std::span<const policy::UsageRow> rows);

 private:
  const std::string where_;
  const WordText text_;
  bool failing_ = false;
};

}  // namespace bastide::observe
