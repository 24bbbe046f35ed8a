#include "knowledge/parse/nursery.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "knowledge/parse/packet.h"

namespace bastide::knowledge::parse {
namespace detail {
namespace {

struct Wiring {
  const char* program;
  char* const* arguments;
  char* const* environment;
  std::array<int, 3> fds;  // become 0, 1, 2
};

// Between vfork and exec: only calls that touch nothing but the kernel's view of the child.
[[noreturn]] void become(const Wiring& wiring) {
  std::array<int, 3> high{};
  for (std::size_t i = 0; i < high.size(); ++i) {
    high[i] = fcntl(wiring.fds[i], F_DUPFD, 16);
    if (high[i] < 0) _exit(exit_bad_request);
  }
  for (std::size_t i = 0; i < high.size(); ++i)
    if (dup2(high[i], static_cast<int>(i)) < 0) _exit(exit_bad_request);
  if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) _exit(exit_bad_request);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(wiring.program, wiring.arguments, wiring.environment);
  _exit(exit_bad_request);
}

// vfork: copying a server's page tables would cost more than the rest of the start.
pid_t start_program(const Wiring& wiring) {
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

}  // namespace

std::unexpected<Error> cannot_start() {
  return fail(Code::unavailable, "The process that reads documents could not be started.",
              "worker_unavailable", "Try again; if it lasts, `bastide doctor` says what is missing.");
}

Result<std::shared_ptr<Warm>> Warm::start(const std::string& program) {
  auto ends = packet_pair();
  Fd nowhere(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!ends || !nowhere) return cannot_start();
  std::string name = "bastide";
  std::string verb = "parse-worker";
  std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
  std::string library;
  if (const char* path = std::getenv("BASTIDE_PDFIUM")) library = std::string("BASTIDE_PDFIUM=") + path;
  std::string bind = "LD_BIND_NOW=1";  // once here, not in each child
  std::array<char*, 3> environment{bind.data(), library.empty() ? nullptr : library.data(), nullptr};
  auto pid = start_program({program.c_str(),
                            arguments.data(),
                            environment.data(),
                            {(*ends)[1].get(), nowhere.get(), nowhere.get()}});
  if (pid < 0) return cannot_start();
  return std::make_shared<Warm>(pid, std::move((*ends)[0]));
}

// Its children die with it (worker.cc), so that nothing is left running.
Warm::~Warm() {
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace detail

using namespace detail;

Result<Seedling> Nursery::ask(const WorkRequest& request, int input) {
  auto control = packet_pair();
  std::array<int, 2> output{};
  if (!control || pipe2(output.data(), O_CLOEXEC) != 0) return cannot_start();
  Seedling seedling{nullptr, Fd(output[0]), std::move((*control)[0])};
  const Fd output_write(output[1]);
  fcntl(output[1], F_SETPIPE_SZ, 1 << 20);  // fewer switches; refused is fine
  const std::array fds{(*control)[1].get(), output_write.get(), input};
  const auto bytes = write_request(request);

  const std::lock_guard lock(mutex_);
  for (auto tries = 0; tries < 2; ++tries) {
    if (!warm_) {
      auto started = Warm::start(program_.path);
      if (!started) return pass(started);
      warm_ = std::move(*started);
    }
    if (send_packet(warm_->socket(), bytes, std::span(fds).first(input < 0 ? 2 : 3))) {
      seedling.warm = warm_;
      return seedling;
    }
    warm_.reset();  // it had been idle and ended
  }
  return cannot_start();
}

void Nursery::renew(const Warm& spent) {
  std::shared_ptr<Warm> last;  // let go of outside of the lock: ending waits
  const std::lock_guard lock(mutex_);
  if (warm_.get() == &spent) last = std::move(warm_);
}

pid_t Nursery::pid() {
  const std::lock_guard lock(mutex_);
  return warm_ ? warm_->pid() : 0;
}

}  // namespace bastide::knowledge::parse
