#include "knowledge/parse/job.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

#include "knowledge/parse/codec.h"
#include "knowledge/parse/parse.h"
#include "knowledge/parse/parse_bytes.h"
#include "knowledge/parse/pdf/render.h"
#include "knowledge/parse/wire.h"

namespace bastide::knowledge::parse::detail {
namespace {

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = write(output_fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(1);  // the parent is gone
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void send(Frame kind, std::string_view payload) {
  write_all(frame_head(kind, payload.size()));
  write_all(payload);
}

// The file's bytes, mapped: pages are read as they are needed.
std::string_view map_input() {
  struct stat about{};
  if (fstat(input_fd, &about) != 0 || about.st_size <= 0) return {};
  auto size = static_cast<std::size_t>(about.st_size);
  auto* at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, input_fd, 0);
  if (at == MAP_FAILED) return {};
  return {static_cast<const char*>(at), size};
}

#if !defined(__has_feature) || !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
std::uint64_t spare_bytes_probe = 0;

// A library that could not get memory ends by a signal. When a quarter of what was allowed cannot be had any
// more, that is what happened.
void on_crash(int signal_number) {
  auto* at = mmap(nullptr, spare_bytes_probe, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) _exit(exit_out_of_memory);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void watch_crashes(std::uint64_t memory_bytes_max) {
  static std::array<char, 32 * 1024> stack;
  spare_bytes_probe = memory_bytes_max / 4;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (auto number : {SIGSEGV, SIGABRT, SIGILL, SIGTRAP, SIGBUS}) sigaction(number, &action, nullptr);
}
#else
void watch_crashes(std::uint64_t) {}
#endif

std::string open_descriptors() {
  std::string out;
  for (int fd = 0; fd < 1024; ++fd)
    if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF) out += (out.empty() ? "" : " ") + std::to_string(fd);
  return out;
}

std::string run_probe(Probe probe) {
  auto tell = [](bool done) { return std::string(done ? "allowed" : "denied"); };
  switch (probe) {
    case Probe::none:
      return "alive";
    case Probe::open_file:
      return tell(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
    case Probe::write_file:
      return tell(open("/tmp/bastide-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
    case Probe::socket:
      return tell(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    case Probe::exec:
      return tell(execl("/bin/true", "true", nullptr) == 0);
    case Probe::fork:
      return tell(fork() >= 0);
    case Probe::hang:
      for (;;) sleep(3600);
    case Probe::spin:
      for (volatile std::uint64_t n = 0;; n = n + 1) {
      }
    case Probe::allocate:
      for (std::size_t total = 0;; total += 16) {
        constexpr std::size_t size = 16 * 1024 * 1024;
        auto* volatile block = new char[size];  // volatile: the compiler must not see through it
        std::memset(block, 1, size);
        if (total > 64 * 1024) return "allowed";
      }
    case Probe::crash:
      std::abort();
    case Probe::descriptors:
      return open_descriptors();
    case Probe::process:
      return std::to_string(getpid());
  }
  return "unknown";
}

void answer_parse(const WorkRequest& request, std::string_view bytes) {
  ParseHints hints;
  hints.name = request.name;
  hints.declared_type = request.declared_type;
  hints.text_bytes_max = request.output_bytes_max / 2;
  auto last = std::chrono::steady_clock::now();
  hints.on_progress = [&last](std::size_t done, std::size_t total) {
    auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100)) return;
    last = now;
    Writer out;
    out.number(done);
    out.number(total);
    send(Frame::progress, out.take());
  };
  auto document = parse_bytes(bytes, hints);
  if (!document) return send(Frame::error, write_error(document.error()));
  send(Frame::document, write_document(*document));
}

void answer_render(const WorkRequest& request, std::string_view bytes) {
  auto png = pdf::render(bytes, request.page, request.width_px);
  if (!png) return send(Frame::error, write_error(png.error()));
  send(Frame::png, *png);
}

}  // namespace

void do_job(const WorkRequest& request, const Result<Enclosure>& enclosure, std::uint64_t base_bytes) {
  auto bytes = request.job == Job::probe ? std::string_view{} : map_input();
  watch_crashes(request.memory_bytes_max);
  if (!enclosure) _exit(exit_no_sandbox);
  auto level =
      lock_down(*enclosure, {base_bytes + bytes.size() + request.memory_bytes_max, request.cpu_seconds_max});
  if (!level) _exit(exit_no_sandbox);
  send(Frame::sandbox,
       std::string(1, static_cast<char>((level->system_calls ? 1 : 0) | (level->limits ? 2 : 0) |
                                        (level->filesystem ? 4 : 0) | (level->namespaces ? 8 : 0))));
  switch (request.job) {
    case Job::probe:
      send(Frame::probe, run_probe(request.probe));
      break;
    case Job::render:
      answer_render(request, bytes);
      break;
    case Job::parse:
      answer_parse(request, bytes);
      break;
  }
  // No destructors of libraries under the sandbox: the work is done.
  _exit(0);
}

}  // namespace bastide::knowledge::parse::detail
