#include "models/install/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace bastide::models {

Progress::Progress(std::string what, std::uint64_t total_bytes)
    : what_(std::move(what)), total_bytes_(total_bytes), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (open_line_) fmt::print(stderr, "\n");
}

void Progress::show(std::uint64_t done_bytes) {
  constexpr double mega = 1e6;
  const auto done = static_cast<double>(done_bytes) / mega;
  const auto total = static_cast<double>(total_bytes_) / mega;
  if (terminal_) {
    if (Steady::now() - shown_at_ < Millis(100)) return;
    shown_at_ = Steady::now();
    open_line_ = true;
    if (total_bytes_ > 0)
      fmt::print(stderr, "\r▪ {}: {:.0f} of {:.0f} MB ", what_, std::min(done, total), total);
    else
      fmt::print(stderr, "\r▪ {}: {:.0f} MB ", what_, done);
    std::fflush(stderr);
    return;
  }
  const std::uint64_t tenth =
      total_bytes_ > 0 ? std::min<std::uint64_t>(done_bytes * 10 / total_bytes_, 10) : 0;
  if (tenth <= tenth_) return;
  tenth_ = tenth;
  fmt::print(stderr, "▪ {}: {:.0f} of {:.0f} MB\n", what_, std::min(done, total), total);
}

void say(const std::string& text) { fmt::print(stderr, "▪ {}\n", text); }

}  // namespace bastide::models
