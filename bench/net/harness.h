// What the network benchmarks share: a server in this process, its load in a child process, figures as JSON
// lines.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include "net/server.h"

namespace bastide::net::bench {

/// One line of JSON: `goal` is written as it is read, such as "<= 6144" or "report".
inline void figure(const char* name, double value, const char* unit, const char* goal) {
  std::printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"goal\":\"%s\"}\n", name, value, unit, goal);
  std::fflush(stdout);
}

inline std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

inline double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

inline void allow_many_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

inline int connect_to(int port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/// A child process that waits for a port, runs `load` on it, and sends back what that returns.
class Load {
 public:
  explicit Load(std::function<double(int port)> load) {
    if (::pipe(to_child_) != 0 || ::pipe(from_child_) != 0) std::exit(1);
    child_ = ::fork();
    if (child_ != 0) return;
    int port = 0;
    if (::read(to_child_[0], &port, sizeof port) != sizeof port) std::_Exit(1);
    double result = load(port);
    if (::write(from_child_[1], &result, sizeof result) != sizeof result) std::_Exit(1);
    std::_Exit(0);
  }
  void begin(int port) {
    if (::write(to_child_[1], &port, sizeof port) != sizeof port) std::exit(1);
  }
  double wait() {
    ::close(from_child_[1]);
    double result = -1;
    if (::read(from_child_[0], &result, sizeof result) != sizeof result) result = -1;
    ::waitpid(child_, nullptr, 0);
    return result;
  }

 private:
  int to_child_[2] = {};
  int from_child_[2] = {};
  pid_t child_ = -1;
};

}  // namespace bastide::net::bench
