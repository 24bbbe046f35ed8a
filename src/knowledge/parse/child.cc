#include "knowledge/parse/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "knowledge/parse/codec.h"

namespace bastide::knowledge::parse::detail {
namespace {

using Clock = std::chrono::steady_clock;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::unexpected<Error> cannot_start() {
  return fail(Code::unavailable, "The process that reads documents could not be started.",
              "worker_unavailable", "Try again; if it lasts, `bastide doctor` says what is missing.");
}

struct Wiring {
  const char* program;
  char* const* arguments;
  char* const* environment;
  std::array<int, 4> fds;  // become 0, 1, 2, 3
};

// Between vfork and exec: only calls that touch nothing but the kernel's view of the child.
[[noreturn]] void become(const Wiring& wiring) {
  std::array<int, 4> high{};
  for (std::size_t i = 0; i < high.size(); ++i) {
    high[i] = fcntl(wiring.fds[i], F_DUPFD, 16);
    if (high[i] < 0) _exit(exit_bad_request);
  }
  for (std::size_t i = 0; i < high.size(); ++i)
    if (dup2(high[i], static_cast<int>(i)) < 0) _exit(exit_bad_request);
  if (syscall(SYS_close_range, 4U, ~0U, 0U) != 0) _exit(exit_bad_request);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(wiring.program, wiring.arguments, wiring.environment);
  _exit(exit_bad_request);
}

// vfork: copying a server's page tables would cost more than the parser's whole start.
pid_t start(const Wiring& wiring) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  auto pid = vfork();
#pragma clang diagnostic pop
  if (pid == 0) become(wiring);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

class Child {
 public:
  static Result<Child> spawn(const ChildRun& run) {
    std::array<int, 2> request{};
    std::array<int, 2> output{};
    if (pipe2(request.data(), O_CLOEXEC) != 0) return cannot_start();
    Fd request_read(request[0]);
    Fd request_write(request[1]);
    if (pipe2(output.data(), O_CLOEXEC) != 0) return cannot_start();
    Fd output_read(output[0]);
    Fd output_write(output[1]);
    fcntl(output[1], F_SETPIPE_SZ, 1 << 20);  // fewer switches; refused is fine
    Fd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    Fd input(
        open(run.input_path.empty() ? "/dev/null" : run.input_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!input && errno == ENOENT)
      return fail(Code::not_found, "The file is not there any more.", "file_gone", "Add the document again.");
    if (!nowhere || !input) return cannot_start();

    std::string name = "bastide";
    std::string verb = "parse-worker";
    std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
    std::string library;
    if (const char* path = std::getenv("BASTIDE_PDFIUM")) library = std::string("BASTIDE_PDFIUM=") + path;
    std::array<char*, 2> environment{library.empty() ? nullptr : library.data(), nullptr};
    auto pid = start({run.program.c_str(),
                      arguments.data(),
                      environment.data(),
                      {request_read.get(), output_write.get(), nowhere.get(), input.get()}});
    if (pid < 0) return cannot_start();
    auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    Child child(pid, Fd(pidfd), std::move(output_read));
    if (pidfd < 0) return cannot_start();
    request_read.reset();
    child.tell(request_write.get(), write_request(run.request));
    return child;
  }

  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)),
        pidfd_(std::move(other.pidfd_)),
        output_(std::move(other.output_)) {}
  Child& operator=(Child&&) = delete;
  ~Child() { end(); }

  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait();
  }
  // How it ended, as waitpid says.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] int output() const { return output_.get(); }

 private:
  Child(pid_t pid, Fd pidfd, Fd output) : pid_(pid), pidfd_(std::move(pidfd)), output_(std::move(output)) {}

  // A request is far smaller than a pipe's buffer: this does not block. SIGPIPE of a child that died at once
  // is held back.
  static void tell(int fd, const std::string& bytes) {
    sigset_t pipe_signal;
    sigset_t before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    if (write(fd, bytes.data(), bytes.size()) < 0 && errno == EPIPE) {
      timespec zero{};
      sigtimedwait(&pipe_signal, nullptr, &zero);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  pid_t pid_;
  Fd pidfd_;
  Fd output_;
};

std::unexpected<Error> timed_out() {
  return fail(Code::timeout, "Reading the document took longer than allowed.", "timeout",
              "Split the document, or raise knowledge.parse_seconds_max.");
}
std::unexpected<Error> out_of_memory() {
  return fail(Code::too_large, "Reading the document needs more memory than allowed.", "out_of_memory",
              "Split the document, or raise knowledge.parse_memory_mb_max.");
}
std::unexpected<Error> crashed() {
  return fail(Code::corrupt, "The document broke the program that reads it; nothing else was touched.",
              "parser_crashed", "Open it in its own application, save it again, and add that copy.");
}

std::unexpected<Error> why_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    switch (WTERMSIG(status)) {
      case SIGSYS:
        return fail(Code::corrupt, "Reading the document tried something that is forbidden; it was stopped.",
                    "refused_call", "Treat the file as suspicious, or save it again in its own application.");
      case SIGXCPU:
        return timed_out();
      case SIGKILL:
        return out_of_memory();  // not by us: the kernel took memory back, or the hard limit of CPU time
      default:
        return crashed();
    }
  }
  switch (WEXITSTATUS(status)) {
    case exit_out_of_memory:
      return out_of_memory();
    case exit_no_sandbox:
      return fail(Code::unavailable, "This machine cannot confine the process that reads documents.",
                  "sandbox_unavailable",
                  "Use a Linux kernel with seccomp; `bastide doctor` says what is missing.");
    case exit_bad_request:
      return cannot_start();
    default:
      return crashed();
  }
}

// Takes the frames out of what has arrived. True when it was understood.
class Frames {
 public:
  Frames(const ChildRun& run, ChildAnswer& answer) : run_(run), answer_(answer) {}

  bool take(std::string_view bytes) {
    buffer_ += bytes;
    std::size_t at = 0;
    while (buffer_.size() - at >= frame_head_bytes) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i)
        size |= static_cast<std::size_t>(static_cast<unsigned char>(buffer_[at + 1 + i])) << (8 * i);
      if (size > run_.output_bytes_max) return false;
      if (at == 0 && size > buffer_.capacity()) buffer_.reserve(size + frame_head_bytes);
      if (buffer_.size() - at - frame_head_bytes < size) break;
      if (!on_frame(static_cast<Frame>(buffer_[at]),
                    std::string_view(buffer_).substr(at + frame_head_bytes, size)))
        return false;
      at += frame_head_bytes + size;
    }
    buffer_.erase(0, at);
    return true;
  }
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  bool on_frame(Frame kind, std::string_view payload) {
    if (finished_) return false;
    if (kind == Frame::sandbox && payload.size() == 1) {
      auto bits = static_cast<unsigned char>(payload[0]);
      answer_.sandbox = {(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0, (bits & 8U) != 0};
      return true;
    }
    if (kind == Frame::progress) {
      Reader in(payload);
      auto done = in.number();
      auto total = in.number();
      if (in.ok() && run_.on_progress) run_.on_progress(done, total);
      return in.ok();
    }
    answer_.kind = kind;
    answer_.payload = payload;
    finished_ = true;
    return kind == Frame::document || kind == Frame::png || kind == Frame::error || kind == Frame::probe;
  }

  const ChildRun& run_;
  ChildAnswer& answer_;
  std::string buffer_;
  bool finished_ = false;
};

}  // namespace

Result<ChildAnswer> run_child(const ChildRun& run) {
  auto cancelled = [] { return fail(Code::cancelled, "Reading the document was stopped."); };
  if (run.stop.stop_requested()) return cancelled();
  Fd stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped) return cannot_start();
  std::stop_callback on_stop(run.stop, [fd = stopped.get()] {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = write(fd, &one, sizeof one);
  });
  auto deadline = Clock::now() + run.wall;
  auto child = Child::spawn(run);
  if (!child) return pass(child);

  ChildAnswer answer;
  Frames frames(run, answer);
  std::string part(256 * 1024, '\0');
  for (auto open = true; open;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return timed_out();
    std::array<pollfd, 2> wait{{{child->output(), POLLIN, 0}, {stopped.get(), POLLIN, 0}}};
    auto ready = poll(wait.data(), wait.size(), static_cast<int>(std::min<std::int64_t>(left + 1, 60'000)));
    if (ready < 0 && errno != EINTR) return cannot_start();
    if (wait[1].revents != 0) return cancelled();
    if (ready <= 0 || wait[0].revents == 0) continue;
    auto size = read(child->output(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    open = size > 0;
    if (open && !frames.take(std::string_view(part).substr(0, static_cast<std::size_t>(size))))
      return fail(Code::too_large, "The document holds more text than can be kept.", "too_large",
                  "Split the document into smaller ones.");
  }
  // Its end of the pipe is closed: it ends now, or is made to.
  pollfd ended{child->pidfd(), POLLIN, 0};
  poll(&ended, 1, 2000);
  if ((ended.revents & POLLIN) == 0) return crashed();
  auto status = child->wait();
  if (!frames.finished() || status != 0) return why_it_ended(status);
  return answer;
}

}  // namespace bastide::knowledge::parse::detail
