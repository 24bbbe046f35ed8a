#include "models/local/link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/time.h"

namespace bastide::models::local {
namespace {

/// Bodies from a worker are small but for vectors: 2,048 of 4,096 numbers.
constexpr std::size_t from_worker_max_bytes = 48ULL * 1024 * 1024;
constexpr int worker_fd = 3;

std::vector<std::string> worker_environment() {
  static constexpr std::array names{"PATH",
                                    "HOME",
                                    "LANG",
                                    "LC_ALL",
                                    "TZ",
                                    "TMPDIR",
                                    "LD_LIBRARY_PATH",
                                    "ASAN_OPTIONS",
                                    "UBSAN_OPTIONS",
                                    "TSAN_OPTIONS",
                                    "LSAN_OPTIONS",
                                    "CUDA_VISIBLE_DEVICES",
                                    "GGML_VK_VISIBLE_DEVICES",
                                    "VK_DRIVER_FILES",
                                    "LLVM_PROFILE_FILE",
                                    "BASTIDE_WORKER_STDERR"};
  std::vector<std::string> out;
  for (const char* name : names)
    if (const char* value = std::getenv(name)) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::unexpected<Error> cannot_start(int why) {
  return fail(Code::unavailable,
              fmt::format("The model's process cannot be started: {}.", std::strerror(why)), "load_failed",
              "Check the limits on processes and memory of this machine.");
}

}  // namespace

Link::Link() : nudge_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Link::~Link() {
  end();
  ::close(nudge_fd_);
}

Result<void> Link::start(const std::string& binary, std::vector<std::string> args) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return cannot_start(errno);

  args.insert(args.begin(), {"bastide", "worker"});
  args.insert(args.end(), {"--fd", std::to_string(worker_fd), "--parent", std::to_string(::getpid())});
  auto environment = worker_environment();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (pair[1] == worker_fd) {
    // dup2 onto itself would keep close-on-exec.
    const int moved = ::fcntl(pair[1], F_DUPFD_CLOEXEC, worker_fd + 1);
    ::close(pair[1]);
    pair[1] = moved;
  }
  posix_spawn_file_actions_adddup2(&actions, pair[1], worker_fd);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, worker_fd + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int why = ::posix_spawn(&pid_, binary.c_str(), &actions, &attributes, pointers(args).data(),
                                pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pair[1]);
  if (why != 0) {
    pid_ = -1;
    ::close(pair[0]);
    return cannot_start(why);
  }
  ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
  parser_.emplace(from_worker_max_bytes);
  const std::lock_guard lock(mutex_);
  fd_ = pair[0];
  return {};
}

bool Link::send(FrameKind kind, std::uint64_t call, std::string_view body) {
  bool later = false;
  {
    const std::lock_guard lock(mutex_);
    if (fd_ < 0 || unsent_.size() + body.size() > unsent_max_bytes) return false;
    append_frame(unsent_, kind, call, body);
    flush();
    later = !unsent_.empty();
  }
  if (later) nudge();
  return true;
}

/// Writes what the socket takes now. Called under the lock.
void Link::flush() {
  std::size_t sent = 0;
  while (sent < unsent_.size()) {
    const auto n = ::send(fd_, unsent_.data() + sent, unsent_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;  // full, or dead: `listen` sees the latter
    sent += static_cast<std::size_t>(n);
  }
  unsent_.erase(0, sent);
}

Link::Heard Link::listen(Millis patience, std::vector<Frame>& out) {
  pollfd polls[2] = {{fd_, POLLIN, 0}, {nudge_fd_, POLLIN, 0}};
  {
    const std::lock_guard lock(mutex_);
    if (!unsent_.empty()) polls[0].events |= POLLOUT;
  }
  const int ready = ::poll(polls, 2, static_cast<int>(patience.count()));
  if (ready <= 0) return Heard::nothing;
  if (polls[1].revents) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = ::read(nudge_fd_, &count, sizeof count);
  }
  if (polls[0].revents & POLLOUT) {
    const std::lock_guard lock(mutex_);
    flush();
  }
  if (!(polls[0].revents & (POLLIN | POLLHUP | POLLERR))) return Heard::nothing;
  char buffer[64 * 1024];
  const auto n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Heard::nothing;
  if (n <= 0) return Heard::closed;
  if (!parser_->feed(std::string_view(buffer, static_cast<std::size_t>(n)), out)) return Heard::damaged;
  return Heard::frames;
}

void Link::nudge() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(nudge_fd_, &one, sizeof one);
}

void Link::end() {
  {
    const std::lock_guard lock(mutex_);
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    unsent_.clear();
  }
  if (pid_ < 0) return;
  // It ends by itself at the socket's end unless it is stuck in a long batch: nothing of it is worth waiting
  // for.
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace bastide::models::local
