// The warm process that parser processes are forked from: the server's side.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "knowledge/parse/fd.h"
#include "knowledge/parse/parse.h"
#include "knowledge/parse/wire.h"

namespace bastide::knowledge::parse {

namespace detail {

/// A started `PROGRAM parse-worker`, which ends with the last who holds it and takes its children with it.
class Warm {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Warm>> start(const std::string& program);
  Warm(pid_t pid, Fd socket) : pid_(pid), socket_(std::move(socket)) {}
  Warm(const Warm&) = delete;
  Warm& operator=(const Warm&) = delete;
  ~Warm();
  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  Fd socket_;
};

/// A parser process that was asked for. What it sends comes out of `output`; `control` first brings its pidfd
/// and, once it has ended, its wait status (both as packets).
struct Seedling {
  std::shared_ptr<Warm> warm;
  Fd output;
  Fd control;
};

[[nodiscard]] std::unexpected<Error> cannot_start();

}  // namespace detail

/// Starts parser processes: the first call starts the program, which loads the libraries once, shuts itself
/// in, and forks a child a file (docs in README.md). It ends when nothing was asked for a minute; the next
/// call starts it again. Thread-safe. It outlives the calls that use it.
class Nursery {
 public:
  explicit Nursery(WorkerProgram program = {}) : program_(std::move(program)) {}

  /// Asks for a process that does `request` with the open `input` (-1: none). It may come to nothing if the
  /// warm process ended meanwhile: then `control` closes without a pidfd, and after `renew` another try is
  /// worth it.
  [[nodiscard]] Result<detail::Seedling> ask(const detail::WorkRequest& request, int input);
  /// The next process comes from a newly started program, not from `spent`. What runs there goes on.
  void renew(const detail::Warm& spent);
  /// Of the warm process; 0 before the first request. It may have ended since.
  [[nodiscard]] pid_t pid();

 private:
  const WorkerProgram program_;
  std::mutex mutex_;
  std::shared_ptr<detail::Warm> warm_;
};

}  // namespace bastide::knowledge::parse
