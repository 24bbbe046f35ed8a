// A server that says exactly what a test wants, on a thread of its own.
#pragma once

#include <poll.h>
#include <sys/un.h>

#include <functional>
#include <thread>

#include "tests/net/harness.h"

namespace bastide::net::test {

class ScriptedServer {
 public:
  /// `serve` gets each accepted socket, one after another, and its number; the socket is closed afterwards.
  explicit ScriptedServer(std::function<void(int, int)> serve, std::string unix_path = {})
      : serve_(std::move(serve)) {
    if (unix_path.empty()) {
      listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      ::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address);
      socklen_t size = sizeof address;
      ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
      port_ = ntohs(address.sin_port);
    } else {
      listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::snprintf(address.sun_path, sizeof address.sun_path, "%s", unix_path.c_str());
      ::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    ::listen(listening_, 16);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    thread_.join();
    ::close(listening_);
  }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  [[nodiscard]] int accepted() const { return accepted_; }

  /// Reads one request head (and what came with it).
  static std::string read_request(int fd) {
    std::string all;
    char bytes[4096];
    while (all.find("\r\n\r\n") == std::string::npos) {
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 3000) <= 0) break;
      auto got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) break;
      all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }
  static void say(int fd, std::string_view bytes, std::size_t piece = 1 << 20) {
    while (!bytes.empty()) {
      auto sent = ::send(fd, bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (piece < 100) ::usleep(300);
    }
  }
  /// Milliseconds until the other side closed, or -1 after `timeout_ms`.
  static int wait_for_end(int fd, int timeout_ms) {
    auto begun = Steady::now();
    char bytes[4096];
    for (;;) {
      auto spent = static_cast<int>(std::chrono::duration_cast<Millis>(Steady::now() - begun).count());
      if (spent >= timeout_ms) return -1;
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, timeout_ms - spent) <= 0) return -1;
      if (::recv(fd, bytes, sizeof bytes, 0) <= 0)
        return static_cast<int>(std::chrono::duration_cast<Millis>(Steady::now() - begun).count());
    }
  }

 private:
  void run() {
    while (!stopping_) {
      pollfd waiting{listening_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      int fd = ::accept(listening_, nullptr, nullptr);
      if (fd < 0) continue;
      int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      serve_(fd, accepted_++);
      ::close(fd);
    }
  }

  std::function<void(int, int)> serve_;
  int listening_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace bastide::net::test
