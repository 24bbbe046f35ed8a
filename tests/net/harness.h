// A server on loopback, a raw client that can misbehave, and a well-behaved one.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "net/client.h"
#include "net/server.h"

namespace bastide::net::test {

/// A blocking socket with timeouts, to say anything to a server.
class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void dribble(std::string_view bytes, std::size_t piece) {
    while (!bytes.empty()) {
      if (!send(bytes.substr(0, piece))) return;
      bytes.remove_prefix(std::min(piece, bytes.size()));
      ::usleep(500);
    }
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  /// Up to `size` bytes; empty at the end or after `timeout_ms`.
  std::string receive(std::size_t size = 65536, int timeout_ms = 5000) {
    pollfd poll_fd{fd_, POLLIN, 0};
    if (::poll(&poll_fd, 1, timeout_ms) <= 0) return {};
    std::string bytes(size, '\0');
    auto got = ::recv(fd_, bytes.data(), size, 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  /// Everything until the server closes.
  std::string receive_all(int timeout_ms = 5000) {
    std::string all;
    for (;;) {
      auto piece = receive(65536, timeout_ms);
      if (piece.empty()) return all;
      all += piece;
    }
  }
  /// Until `mark` has come.
  std::string receive_until(std::string_view mark, int timeout_ms = 5000) {
    std::string all;
    while (all.find(mark) == std::string::npos) {
      auto piece = receive(65536, timeout_ms);
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  }
  /// Whether the server ended the connection, within `timeout_ms`.
  bool sees_end(int timeout_ms = 5000) {
    pollfd poll_fd{fd_, POLLIN, 0};
    while (::poll(&poll_fd, 1, timeout_ms) > 0) {
      char bytes[4096];
      if (::recv(fd_, bytes, sizeof bytes, 0) <= 0) return true;
    }
    return false;
  }

 private:
  int fd_ = -1;
  bool connected_ = false;
};

inline std::unique_ptr<Server> start_server(Handler handler, Metrics& metrics, ServerOptions options = {}) {
  options.port = 0;
  if (options.loops == 0) options.loops = 1;
  auto server = Server::start(std::move(options), std::move(handler), metrics);
  if (!server) throw std::runtime_error(server.error().message);
  return std::move(*server);
}

inline std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
    ++found;
  return found;
}

/// A fetched answer, whole.
struct Fetched {
  int status = 0;
  Headers headers;
  std::string body;
};

inline Task<Result<Fetched>> fetch_all(Client& client, ClientRequest request, std::stop_token stop = {}) {
  auto response = co_await client.fetch(std::move(request), stop);
  if (!response) co_return pass(response);
  auto body = co_await (*response)->read_all(64 * 1024 * 1024);
  if (!body) co_return pass(body);
  co_return Fetched{(*response)->status(), (*response)->headers(), std::move(*body)};
}

/// A client with a loop of its own.
struct ClientSide {
  explicit ClientSide(ClientOptions options = {}) {
    thread = std::move(*LoopThread::start("client"));
    auto made = Client::create(std::move(options));
    if (!made) throw std::runtime_error(made.error().message);
    client = std::move(*made);
  }
  Result<Fetched> fetch(ClientRequest request, std::stop_token stop = {}) {
    return run_blocking(thread->loop(), fetch_all(*client, std::move(request), stop));
  }
  std::unique_ptr<LoopThread> thread;
  std::unique_ptr<Client> client;
};

inline std::string url_of(const Server& server, std::string_view path) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
}

}  // namespace bastide::net::test
