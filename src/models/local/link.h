// Link: a worker process and the socket to it, seen from the server.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "models/local/frame.h"

namespace bastide::models::local {

/// `send` is thread-safe; the rest belongs to the supervisor thread, which also started it: the kernel kills
/// the worker when that thread ends.
class Link {
 public:
  static constexpr std::size_t unsent_max_bytes = 64ULL * 1024 * 1024;

  Link();
  /// Ends the worker (SIGKILL) and waits for it.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Starts `binary worker ARGS... --fd 3 --parent PID`. Nothing of the environment but what finds libraries
  /// and time zones goes to the worker: no keys.
  [[nodiscard]] Result<void> start(const std::string& binary, std::vector<std::string> args);
  /// False: not running, or too much is unsent.
  bool send(FrameKind kind, std::uint64_t call, std::string_view body);

  enum class Heard { frames, nothing, closed, damaged };
  /// Waits for frames for `patience`, or until `nudge`; writes what could not be sent at once.
  [[nodiscard]] Heard listen(Millis patience, std::vector<Frame>& out);
  /// Makes `listen` return. Thread-safe.
  void nudge();
  /// Closes the socket, which ends the worker; kills it when it does not end at once.
  void end();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  void flush();

  std::mutex mutex_;  // guards fd_ and unsent_
  int fd_ = -1;
  std::string unsent_;
  int nudge_fd_ = -1;
  pid_t pid_ = -1;
  std::optional<FrameParser> parser_;
};

}  // namespace bastide::models::local
