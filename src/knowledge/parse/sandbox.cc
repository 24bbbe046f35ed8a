#include "knowledge/parse/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>

#include "knowledge/parse/fd.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BASTIDE_SHADOW_MEMORY 1
#endif
#endif

namespace bastide::knowledge::parse::detail {
namespace {

// Sanitizers map terabytes of shadow memory, which a limit on address space cannot tell from use.
#ifdef BASTIDE_SHADOW_MEMORY
constexpr bool limit_memory = false;
#else
constexpr bool limit_memory = true;
#endif

bool enter_namespaces() {
  if (unshare(CLONE_NEWUSER) != 0) return false;
  return unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWUTS) == 0;
}

bool set_limit(__rlimit_resource what, std::uint64_t value) {
  rlimit limit{value, value};
  return setrlimit(what, &limit) == 0;
}

bool set_limits(const SandboxLimits& limits) {
  auto memory = !limit_memory || set_limit(RLIMIT_AS, limits.address_space_bytes_max);
  return memory && set_limit(RLIMIT_CPU, limits.cpu_seconds_max) && set_limit(RLIMIT_CORE, 0) &&
         set_limit(RLIMIT_FSIZE, 0) && set_limit(RLIMIT_NPROC, 0) && set_limit(RLIMIT_NOFILE, 0);
}

// No rule is added, so no path can be opened, made, removed or executed. Needs no_new_privs.
bool close_filesystem() {
  auto abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;  // everything version 1 knows
  if (abi >= 2) rules.handled_access_fs |= 1ULL << 13U;               // moving between folders
  if (abi >= 3) rules.handled_access_fs |= 1ULL << 14U;               // truncating
  auto set = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (set < 0) return false;
  auto done = syscall(SYS_landlock_restrict_self, set, 0) == 0;
  close(static_cast<int>(set));
  return done;
}

// What computing, allocating, reading open files and ending need.
constexpr std::array plain_calls{SCMP_SYS(read),           SCMP_SYS(pread64),
                                 SCMP_SYS(lseek),          SCMP_SYS(fstat),
                                 SCMP_SYS(close),          SCMP_SYS(munmap),
                                 SCMP_SYS(mremap),         SCMP_SYS(brk),
                                 SCMP_SYS(madvise),        SCMP_SYS(futex),
                                 SCMP_SYS(exit),           SCMP_SYS(exit_group),
                                 SCMP_SYS(rt_sigreturn),   SCMP_SYS(rt_sigprocmask),
                                 SCMP_SYS(rt_sigaction),   SCMP_SYS(sigaltstack),
                                 SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday),
                                 SCMP_SYS(time),           SCMP_SYS(clock_nanosleep),
                                 SCMP_SYS(nanosleep),      SCMP_SYS(getpid),
                                 SCMP_SYS(gettid),         SCMP_SYS(getrandom),
                                 SCMP_SYS(sched_yield),    SCMP_SYS(sched_getaffinity),
                                 SCMP_SYS(sysinfo),        SCMP_SYS(uname),
                                 SCMP_SYS(restart_syscall)};

// Libraries look for optional files (fonts, converters) and go on without: these are told "no" instead of
// ending.
constexpr std::array refused_calls{
    SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(openat2), SCMP_SYS(stat),      SCMP_SYS(lstat),
    SCMP_SYS(statx),    SCMP_SYS(newfstatat), SCMP_SYS(access),  SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),  SCMP_SYS(ioctl)};

scmp_arg_cmp argument_is(unsigned argument, scmp_datum_t value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}
scmp_arg_cmp argument_lacks(unsigned argument, scmp_datum_t bits) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = 0};
}

// As instructions for the kernel; empty when the library cannot.
std::vector<sock_filter> list_calls() {
  std::unique_ptr<void, void (*)(void*)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (!filter) return {};
  auto ok = true;
  auto allow = [&](int call, auto... conditions) {
    ok =
        ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, sizeof...(conditions), conditions...) == 0;
  };
  for (auto call : plain_calls) allow(call);
  for (auto call : refused_calls)
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EACCES), call, 0) == 0;
  for (scmp_datum_t fd : {1U, 2U}) {
    allow(SCMP_SYS(write), argument_is(0, fd));
    allow(SCMP_SYS(writev), argument_is(0, fd));
  }
  // Memory that is written is never run.
  constexpr scmp_datum_t run = 0x4;  // PROT_EXEC
  allow(SCMP_SYS(mmap), argument_lacks(2, run));
  allow(SCMP_SYS(mprotect), argument_lacks(2, run));
  // abort() and raise(): on whom is said by signal_self_only.
  allow(SCMP_SYS(tgkill));
  // Naming a mapping, which allocators do for those who look at /proc.
  constexpr scmp_datum_t name_memory = 0x53564d41;  // PR_SET_VMA
  allow(SCMP_SYS(prctl), argument_is(0, name_memory));
  // Reading limits (pthread_getattr_np), not changing them.
  allow(SCMP_SYS(prlimit64), argument_is(0, 0), argument_is(2, 0));
  const Fd made(memfd_create("calls", MFD_CLOEXEC));
  struct stat about{};
  if (!ok || !made || seccomp_export_bpf(filter.get(), made.get()) != 0 || fstat(made.get(), &about) != 0)
    return {};
  std::vector<sock_filter> calls(static_cast<std::size_t>(about.st_size) / sizeof(sock_filter));
  const auto bytes = static_cast<ssize_t>(calls.size() * sizeof(sock_filter));
  if (pread(made.get(), calls.data(), static_cast<std::size_t>(bytes), 0) != bytes) return {};
  return calls;
}

bool add_filter(std::span<const sock_filter> instructions) {
  const sock_fprog program{static_cast<unsigned short>(instructions.size()),
                           const_cast<sock_filter*>(instructions.data())};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) == 0;
}

// The list is made before the process that it will hold exists, so this part of it is a filter of its own: of
// two filters the kernel does what the stricter says.
bool signal_self_only() {
  constexpr auto load = static_cast<std::uint16_t>(BPF_LD | BPF_W | BPF_ABS);
  constexpr auto equal = static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
  constexpr auto result = static_cast<std::uint16_t>(BPF_RET | BPF_K);
  const std::array<sock_filter, 6> instructions{{
      {load, 0, 0, offsetof(seccomp_data, nr)},
      {equal, 0, 2, SYS_tgkill},
      {load, 0, 0,
       offsetof(seccomp_data, args)},  // the lower half of the group's id, all that the kernel reads
      {equal, 0, 1, static_cast<std::uint32_t>(getpid())},
      {result, 0, 0, SECCOMP_RET_ALLOW},
      {result, 0, 0, SECCOMP_RET_KILL_PROCESS},
  }};
  return add_filter(instructions);
}

std::unexpected<Error> cannot_confine() {
  return fail(Code::unavailable, "This machine cannot confine the process that reads documents.",
              "sandbox_unavailable",
              "Use a Linux kernel with seccomp; `bastide doctor` says what is missing.");
}

}  // namespace

std::uint64_t mapped_bytes() {
  unsigned long pages = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), std::fclose);
  if (!file || std::fscanf(file.get(), "%lu", &pages) != 1) return 256ULL * 1024 * 1024;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<Enclosure> enclose() {
  Enclosure made;
  made.calls = list_calls();
  prctl(PR_SET_DUMPABLE, 0);
  made.namespaces = enter_namespaces();
  if (made.calls.empty() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return cannot_confine();
  made.filesystem = close_filesystem();
  return made;
}

Result<SandboxLevel> lock_down(const Enclosure& enclosure, const SandboxLimits& limits) {
  SandboxLevel level;
  level.namespaces = enclosure.namespaces;
  level.filesystem = enclosure.filesystem;
  level.limits = set_limits(limits);
  if (!level.limits) return cannot_confine();
  level.system_calls = signal_self_only() && add_filter(enclosure.calls);
  if (!level.system_calls) return cannot_confine();
  return level;
}

}  // namespace bastide::knowledge::parse::detail
