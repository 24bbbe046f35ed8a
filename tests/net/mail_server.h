// A mail server for tests: RFC 5321 with STARTTLS (RFC 3207) and sign-in (RFC 4954), which does what it is
// told.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/tls_files.h"

namespace bastide::net::test {

class MailServer {
 public:
  struct Ways {
    bool offers_tls = true;
    std::string tls_reply = "220 go ahead";
    std::string signs_in = "PLAIN LOGIN";  // how; empty: not offered
    std::string sign_in_reply = "235 welcome";
    std::string mail_reply = "250 ok";
    std::string recipient_reply = "250 ok";
    std::string end_reply = "250 taken";
  };
  struct Line {
    bool is_secret;  // it came over TLS
    std::string text;
  };

  MailServer(const TlsFolder& files, Ways ways)
      : ways_(std::move(ways)), tls_(SSL_CTX_new(TLS_server_method())) {
    if (SSL_CTX_use_certificate_chain_file(tls_.get(), files.certificate_file().c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls_.get(), files.key_file().c_str(), SSL_FILETYPE_PEM) != 1)
      throw std::runtime_error("no certificate");
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, any, &size) != 0)
      throw std::runtime_error("no port");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~MailServer() {
    stops_ = true;
    thread_.join();
    ::close(listener_);
  }
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::vector<Line> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::vector<std::string> letters() const {
    const std::lock_guard lock(mutex_);
    return letters_;
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
  };

  /// One client.
  struct Client {
    int socket;
    std::unique_ptr<SSL, Free> tls{};
    std::string unread{};

    ~Client() { ::close(socket); }
    void say(const std::string& text) {
      const auto line = text + "\r\n";
      if (tls)
        SSL_write(tls.get(), line.data(), static_cast<int>(line.size()));
      else
        (void)!::send(socket, line.data(), line.size(), MSG_NOSIGNAL);
    }
    /// False when the client has left.
    bool hear(std::string& line) {
      for (;;) {
        if (const auto end = unread.find("\r\n"); end != std::string::npos) {
          line = unread.substr(0, end);
          unread.erase(0, end + 2);
          return true;
        }
        char bytes[4096];
        const auto got = tls ? SSL_read(tls.get(), bytes, sizeof(bytes))
                             : static_cast<int>(::recv(socket, bytes, sizeof(bytes), 0));
        if (got <= 0) return false;
        unread.append(bytes, static_cast<std::size_t>(got));
      }
    }
  };

  void serve() {
    while (!stops_) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      Client client{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
      const timeval patience{5, 0};
      ::setsockopt(client.socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      talk(client);
    }
  }

  void greet(Client& client) {
    client.say("250-mail.example");
    if (ways_.offers_tls && !client.tls) client.say("250-STARTTLS");
    if (!ways_.signs_in.empty()) client.say("250-AUTH " + ways_.signs_in);  // in clear too, as it should not
    client.say("250 8BITMIME");
  }

  void talk(Client& client) {
    client.say("220 mail.example");
    for (std::string line; client.hear(line);) {
      note(client, line);
      const auto word = line.substr(0, 4);
      if (word == "EHLO") {
        greet(client);
      } else if (line == "STARTTLS") {
        client.say(ways_.tls_reply);
        if (!ways_.tls_reply.starts_with("220")) continue;
        client.tls.reset(SSL_new(tls_.get()));
        SSL_set_fd(client.tls.get(), client.socket);
        if (SSL_accept(client.tls.get()) != 1) return;
      } else if (word == "AUTH") {
        sign_in(client, line);
      } else if (word == "MAIL") {
        client.say(ways_.mail_reply);
      } else if (word == "RCPT") {
        client.say(ways_.recipient_reply);
      } else if (word == "DATA") {
        if (!take(client)) return;
      } else if (word == "QUIT") {
        client.say("221 bye");
        return;
      } else {
        client.say("250 ok");
      }
    }
  }

  /// AUTH PLAIN and LOGIN, with what they say at once or when asked.
  void sign_in(Client& client, const std::string& line) {
    const bool says_all = line.find(' ', 5) != std::string::npos;
    const int asked = line.starts_with("AUTH LOGIN") ? 2 : 1;
    std::string said;
    for (int i = says_all ? 1 : 0; i < asked; ++i) {
      client.say("334 ");
      if (!client.hear(said)) return;
      note(client, said);
    }
    client.say(ways_.sign_in_reply);
  }

  bool take(Client& client) {
    client.say("354 go on");
    std::string letter;
    for (std::string line; client.hear(line);) {
      if (line == ".") {
        const std::lock_guard lock(mutex_);
        if (ways_.end_reply.starts_with("250")) letters_.push_back(letter);
        client.say(ways_.end_reply);
        return true;
      }
      letter += (line.starts_with("..") ? line.substr(1) : line) + "\r\n";
    }
    return false;
  }

  void note(const Client& client, const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back({client.tls != nullptr, line});
  }

  const Ways ways_;
  std::unique_ptr<SSL_CTX, Free> tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stops_ = false;
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
  std::vector<std::string> letters_;
  std::thread thread_;
};

}  // namespace bastide::net::test
