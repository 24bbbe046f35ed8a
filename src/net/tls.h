// OpenSSL contexts and sessions: TLS 1.2 and later, on the socket itself.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/client.h"
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
[[nodiscard]] Result<SslContext> client_tls(const ClientOptions& options);

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
