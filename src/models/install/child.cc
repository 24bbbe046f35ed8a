#include "models/install/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace bastide::models {
namespace {

constexpr std::size_t line_max_bytes = 64 * 1024;

}  // namespace

Result<std::unique_ptr<Child>> Child::start(std::vector<std::string> command) {
  const auto cannot = [](int why) {
    return fail(Code::unavailable, fmt::format("A process cannot be started: {}.", std::strerror(why)),
                "no_process", "Check the limits on processes and memory of this machine.");
  };
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return cannot(errno);
  std::vector<char*> arguments;
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int why = ::posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  if (why != 0) {
    ::close(pipe[0]);
    return cannot(why);
  }
  return std::unique_ptr<Child>(new Child(pid, pipe[0]));
}

Child::~Child() {
  kill();
  (void)wait();
  ::close(fd_);
}

std::optional<std::string> Child::next_line(Millis patience) {
  const auto deadline = Deadline::in(patience);
  while (true) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      auto line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    pollfd wanted{fd_, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(deadline.left().count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || pending_.size() > line_max_bytes) return std::nullopt;
    char buffer[4096];
    const auto n = ::read(fd_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    pending_.append(buffer, static_cast<std::size_t>(n));
  }
}

int Child::wait() {
  // Only this thread waits, so that the number stays its own until the lock is held.
  siginfo_t ended{};
  while (pid_ > 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  if (pid_ < 0) return exit_code_;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return exit_code_;
}

void Child::kill() {
  const std::lock_guard lock(mutex_);
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

}  // namespace bastide::models
