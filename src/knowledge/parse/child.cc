#include "knowledge/parse/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "knowledge/parse/codec.h"
#include "knowledge/parse/packet.h"

namespace bastide::knowledge::parse::detail {
namespace {

using Clock = std::chrono::steady_clock;

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

// Waits for a descriptor to have something, until the deadline or a request to stop.
class Patience {
 public:
  Patience(Clock::time_point deadline, const std::stop_token& stop)
      : deadline_(deadline),
        stopped_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        on_stop_(stop, Ring{stopped_.get()}) {}

  Result<void> wait_for(int fd) {
    for (;;) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) return timed_out();
      std::array<pollfd, 2> wait{{{fd, POLLIN, 0}, {stopped_.get(), POLLIN, 0}}};
      auto ready = poll(wait.data(), wait.size(), static_cast<int>(std::min<std::int64_t>(left + 1, 60'000)));
      if (ready < 0 && errno != EINTR) return cannot_start();
      if (ready > 0 && wait[1].revents != 0)
        return fail(Code::cancelled, "Reading the document was stopped.");
      if (ready > 0 && wait[0].revents != 0) return {};
    }
  }

 private:
  struct Ring {
    int fd;
    void operator()() const {
      std::uint64_t one = 1;
      [[maybe_unused]] auto written = write(fd, &one, sizeof one);
    }
  };
  Clock::time_point deadline_;
  Fd stopped_;
  std::stop_callback<Ring> on_stop_;
};

// A running parser process. Killed, if it still runs, when this goes.
class Child {
 public:
  static Result<Child> start(Nursery& nursery, const ChildRun& run, Patience& patience) {
    Fd input;
    if (!run.input_path.empty()) {
      input = Fd(open(run.input_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
      if (!input && errno == ENOENT)
        return fail(Code::not_found, "The file is not there any more.", "file_gone",
                    "Add the document again.");
      if (!input) return cannot_start();
    }
    for (auto tries = 0; tries < 2; ++tries) {
      auto seedling = nursery.ask(run.request, input.get());
      if (!seedling) return pass(seedling);
      if (auto ready = patience.wait_for(seedling->control.get()); !ready) return pass(ready);
      auto started = receive_packet(seedling->control.get());
      if (started && started->fds[0]) return Child(std::move(*seedling), std::move(started->fds[0]));
      nursery.renew(*seedling->warm);  // it ended before it came to this request
    }
    return cannot_start();
  }

  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (!pidfd_) return;
    syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0U);
    pollfd ended{pidfd_.get(), POLLIN, 0};
    poll(&ended, 1, 2000);
  }

  // How it ended, as waitpid says; its output has closed, so it ends now or something is wrong.
  [[nodiscard]] Result<int> wait() const {
    pollfd told{seedling_.control.get(), POLLIN, 0};
    int status = 0;
    if (poll(&told, 1, 2000) != 1) return crashed();
    auto packet = receive_packet(seedling_.control.get());
    if (!packet || packet->bytes.size() != sizeof status)
      return cannot_start();  // the warm process was killed
    std::memcpy(&status, packet->bytes.data(), sizeof status);
    return status;
  }
  [[nodiscard]] int output() const { return seedling_.output.get(); }
  [[nodiscard]] const Warm& warm() const { return *seedling_.warm; }

 private:
  Child(Seedling seedling, Fd pidfd) : seedling_(std::move(seedling)), pidfd_(std::move(pidfd)) {}
  Seedling seedling_;
  Fd pidfd_;
};

bool crashed_by_itself(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGXCPU;
}

}  // namespace

Result<ChildAnswer> run_child(Nursery& nursery, const ChildRun& run) {
  if (run.stop.stop_requested()) return fail(Code::cancelled, "Reading the document was stopped.");
  Patience patience(Clock::now() + run.wall, run.stop);
  auto child = Child::start(nursery, run, patience);
  if (!child) return pass(child);

  ChildAnswer answer;
  Frames frames(run, answer);
  std::string part(256 * 1024, '\0');
  for (auto open = true; open;) {
    if (auto ready = patience.wait_for(child->output()); !ready) return pass(ready);
    auto size = read(child->output(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    open = size > 0;
    if (open && !frames.take(std::string_view(part).substr(0, static_cast<std::size_t>(size))))
      return fail(Code::too_large, "The document holds more text than can be kept.", "too_large",
                  "Split the document into smaller ones.");
  }
  auto status = child->wait();
  if (!status) return pass(status);
  // Children of one program have its addresses in common: what a crash may have found out about them is worth
  // nothing to the next file.
  if (crashed_by_itself(*status)) nursery.renew(child->warm());
  if (!frames.finished() || *status != 0) return why_it_ended(*status);
  return answer;
}

}  // namespace bastide::knowledge::parse::detail
