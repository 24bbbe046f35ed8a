// What a scheduler sends, kept and waited for.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "models/local/frame.h"

namespace bastide::models::test {

using local::Frame;
using local::FrameKind;
using local::Send;

/// Keeps what the scheduler sends, and waits for ends.
class Reader {
 public:
  Send send() {
    return [this](FrameKind kind, std::uint64_t call, std::string_view body) {
      const std::lock_guard lock(mutex_);
      frames_.push_back({kind, call, std::string(body)});
      changed_.notify_all();
    };
  }
  /// False after a minute.
  bool ended(std::uint64_t call) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] {
      return !bodies(FrameKind::finish, call).empty() || !bodies(FrameKind::error, call).empty();
    });
  }
  /// False after a minute.
  bool heard(FrameKind kind, std::uint64_t call) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return !bodies(kind, call).empty(); });
  }
  std::string text(std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& piece : bodies(FrameKind::text, call)) out += piece;
    return out;
  }
  std::vector<std::string> all(FrameKind kind, std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    return bodies(kind, call);
  }

 private:
  std::vector<std::string> bodies(FrameKind kind, std::uint64_t call) const {
    std::vector<std::string> out;
    for (const auto& each : frames_)
      if (each.kind == kind && each.call == call) out.push_back(each.body);
    return out;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Frame> frames_;
};

}  // namespace bastide::models::test
