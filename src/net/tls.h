// OpenSSL contexts and sessions: TLS 1.2 and later, on the socket itself.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "net/server.h"

namespace bastide::net::detail {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContext = std::unique_ptr<SSL_CTX, SslFree>;
using SslSession = std::unique_ptr<SSL_SESSION, SslFree>;

/// Thread-safe once made, as OpenSSL's contexts are.
[[nodiscard]] Result<SslContext> server_tls(const TlsFiles& files);

/// A client's context, made when the first secure connection needs it: reading the system's certificates
/// takes tens of milliseconds and megabytes, which a start without providers should not pay. Thread-safe.
class ClientTls {
 public:
  /// Code::invalid "tls_ca" when the file cannot be used.
  static Result<void> check(const std::string& ca_file);
  explicit ClientTls(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  /// nullptr until `make` was called.
  [[nodiscard]] SSL_CTX* ready() const { return ready_.load(std::memory_order_acquire); }
  /// Blocks. Later calls give what the first made.
  [[nodiscard]] Result<SSL_CTX*> make();

 private:
  std::string ca_file_;
  std::mutex mutex_;
  SslContext context_;
  std::atomic<SSL_CTX*> ready_{nullptr};
};

/// The server's side of a handshake on `fd`; nullptr when memory is out.
[[nodiscard]] SslPtr tls_accepting(SSL_CTX& context, int fd);

/// Where a client keeps the sessions that servers offer, to resume them.
class SessionSink {
 public:
  virtual void offered(SslSession session) = 0;

 protected:
  ~SessionSink() = default;
};

/// The client's side: `host` is verified against the certificate and sent as SNI when it is a name. `resume`
/// may be nullptr. `sink` must outlive the result.
[[nodiscard]] SslPtr tls_connecting(SSL_CTX& context, int fd, const std::string& host, SSL_SESSION* resume,
                                    SessionSink* sink);

/// Why the last handshake failed, for a log or an error: never content.
[[nodiscard]] std::string tls_failure(const SSL& ssl);

}  // namespace bastide::net::detail
