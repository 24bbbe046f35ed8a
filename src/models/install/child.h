// A process that the server starts beside itself and whose words on standard output it reads.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::models {

class Child {
 public:
  /// Starts `command` (the program first) at the head of a process group of its own, with the server's
  /// environment and standard error. Code::unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Child>> start(std::vector<std::string> command);
  /// Ends it and waits.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Its next line, without the line feed. Nothing: it said all, `patience` is over, or the line is over 64
  /// KB. One thread at a time.
  [[nodiscard]] std::optional<std::string> next_line(Millis patience);
  /// Waits for its end: the exit code, or -1 where a signal ended it. The same thread.
  [[nodiscard]] int wait();
  /// Ends it and what it started, now. Thread-safe.
  void kill();

 private:
  Child(pid_t pid, int fd) : pid_(pid), fd_(fd) {}

  std::mutex mutex_;  // guards pid_: nobody signals a number that was given to another
  pid_t pid_;         // -1: it was waited for
  int fd_;
  int exit_code_ = -1;
  std::string pending_;
};

}  // namespace bastide::models
