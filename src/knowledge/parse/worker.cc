// The warm process: loads what reading files needs, shuts itself in, and forks a child for each request. It
// never sees a byte of a file, so that no file learns of another.
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unicode/udata.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "knowledge/parse/job.h"
#include "knowledge/parse/packet.h"
#include "knowledge/parse/parse.h"
#include "knowledge/parse/parse_bytes.h"
#include "knowledge/parse/pdf/pdfium.h"
#include "knowledge/parse/sandbox.h"
#include "knowledge/parse/wire.h"

namespace bastide::knowledge::parse {
namespace {

using namespace detail;

constexpr int idle_ms_max = 60'000;
constexpr std::size_t children_max = 64;

// Libraries read their tables when they are first used: here, once, instead of in every child.
void warm_up() {
  // Without PDFium a PDF gets its clear error from the parser, an e-mail is read without that attachment.
  [[maybe_unused]] auto pdfium = pdf::load();
  constexpr std::string_view sample = "<h1>\xC3\x89t\xC3\xA9</h1><p>Une phrase. Et une autre.</p>";
  [[maybe_unused]] auto parsed = parse_bytes(sample, {});
  UErrorCode status = U_ZERO_ERROR;
  udata_setFileAccess(UDATA_NO_FILES, &status);
}

sigset_t child_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

class Children {
 public:
  explicit Children(Result<Enclosure> enclosure, std::uint64_t base_bytes)
      : enclosure_(std::move(enclosure)), base_bytes_(base_bytes), self_(getpid()) {}

  // Until the server's end closes or nobody asks any more; running children then die with this process.
  void serve() {
    const auto waited = child_signal();
    sigprocmask(SIG_BLOCK, &waited, nullptr);
    const Fd ended(signalfd(-1, &waited, SFD_CLOEXEC | SFD_NONBLOCK));
    for (;;) {
      std::array<pollfd, 2> wait{{{nursery_fd, POLLIN, 0}, {ended.get(), POLLIN, 0}}};
      const auto ready = poll(wait.data(), wait.size(), running_.empty() ? idle_ms_max : -1);
      if (ready == 0) return;
      if (wait[1].revents != 0) {
        signalfd_siginfo told{};
        while (read(ended.get(), &told, sizeof told) > 0) {
        }
        reap();
      }
      if (wait[0].revents == 0) continue;
      auto packet = receive_packet(nursery_fd);
      if (!packet) return;
      start(std::move(*packet));
    }
  }

 private:
  struct Running {
    pid_t pid;
    Fd control;
  };

  // A request that fails here closes its control socket unanswered: the server sees that.
  void start(Packet packet) {
    auto& [control, output, input] = packet.fds;
    auto request = read_request(packet.bytes);
    if (!request || !control || !output || running_.size() >= children_max) return;
    const auto pid = fork();
    if (pid < 0) return;
    if (pid == 0) become(*request, output.get(), input.get());
    const Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    const std::array fds{pidfd.get()};
    // Nobody waits for it any more, or it could not be stopped.
    if (!pidfd || !send_packet(control.get(), "started", fds)) kill(pid, SIGKILL);
    running_.push_back({pid, std::move(control)});
  }

  // The child keeps its output and its file: neither the way by which requests come nor another's
  // descriptors.
  [[noreturn]] void become(const WorkRequest& request, int output, int input) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self_) _exit(1);
    const auto high_output = fcntl(output, F_DUPFD, 16);
    const auto high_input = input < 0 ? -1 : fcntl(input, F_DUPFD, 16);
    close(nursery_fd);
    if (dup2(high_output, output_fd) < 0 || (input >= 0 && dup2(high_input, input_fd) < 0))
      _exit(exit_bad_request);
    const auto first_free = static_cast<unsigned>(input < 0 ? input_fd : input_fd + 1);
    if (syscall(SYS_close_range, first_free, ~0U, 0U) != 0) _exit(exit_bad_request);
    const auto waited = child_signal();
    sigprocmask(SIG_UNBLOCK, &waited, nullptr);
    do_job(request, enclosure_, base_bytes_);
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      auto found = std::ranges::find(running_, pid, &Running::pid);
      if (found == running_.end()) continue;
      std::string bytes(sizeof status, '\0');
      std::memcpy(bytes.data(), &status, sizeof status);
      [[maybe_unused]] auto heard = send_packet(found->control.get(), bytes);
      running_.erase(found);
    }
  }

  const Result<Enclosure> enclosure_;
  const std::uint64_t base_bytes_;
  const pid_t self_;
  std::vector<Running> running_;
};

}  // namespace

int parse_worker_main(std::span<const char* const>) {
  std::set_new_handler([] { _exit(exit_out_of_memory); });
  warm_up();
  const auto base_bytes = mapped_bytes();
  Children(enclose(), base_bytes).serve();
  _exit(0);
}

}  // namespace bastide::knowledge::parse
