// Progress of a long step on standard error: one line that changes on a terminal, a line every tenth
// elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace bastide::models {

/// One thread at a time.
class Progress {
 public:
  /// `total_bytes` 0: unknown.
  Progress(std::string what, std::uint64_t total_bytes);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(std::uint64_t done_bytes);

 private:
  std::string what_;
  std::uint64_t total_bytes_;
  bool terminal_;
  bool open_line_ = false;
  std::uint64_t tenth_ = 0;
  Steady::time_point shown_at_{};
};

/// A finished step, as "▪ text".
void say(const std::string& text);

}  // namespace bastide::models
