#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>

namespace bastide::net::detail {
namespace {
constexpr unsigned char http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

// A client that offers HTTP/1.1 gets it; one that offers only what we do not speak is refused by TLS itself.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*nothing*/) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, http11, sizeof http11, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* sink = static_cast<SessionSink*>(SSL_get_app_data(ssl));
  if (!sink) return 0;
  sink->offered(SslSession(session));
  return 1;  // the reference is ours now
}

void set_common(SSL_CTX& context) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A streaming or idle connection gives its record buffers back.
  SSL_CTX_set_mode(&context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
}
}  // namespace

Result<SslContext> server_tls(const TlsFiles& files) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(Code::internal, "TLS could not be set up.", "tls");
  set_common(*context);
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  static constexpr unsigned char session_context[] = "bastide";
  SSL_CTX_set_session_id_context(context.get(), session_context, sizeof session_context - 1);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_file.c_str()) != 1)
    return fail(Code::invalid,
                "The TLS certificate " + files.certificate_file + " cannot be used: " + last_error(),
                "tls_certificate", "Give a readable PEM file with the certificate and its chain.");
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(Code::invalid, "The TLS key " + files.key_file + " cannot be used: " + last_error(),
                "tls_key",
                "Give a readable PEM file with the certificate's private key, without a passphrase.");
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return fail(Code::invalid, "The TLS key does not belong to the certificate.", "tls_key",
                "Give the key with which this certificate was requested.");
  return context;
}

Result<void> ClientTls::check(const std::string& ca_file) {
  if (ca_file.empty()) return {};
  SslContext probe(SSL_CTX_new(TLS_client_method()));
  ERR_clear_error();
  if (probe && SSL_CTX_load_verify_locations(probe.get(), ca_file.c_str(), nullptr) == 1) return {};
  return fail(Code::invalid, "The CA file " + ca_file + " cannot be used: " + last_error(), "tls_ca",
              "Give a readable PEM file with the certificates to trust.");
}

Result<SSL_CTX*> ClientTls::make() {
  std::lock_guard lock(mutex_);
  if (context_) return context_.get();
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail(Code::internal, "TLS could not be set up.", "tls");
  set_common(*context);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_verify_paths(context.get());
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  SSL_CTX_set_alpn_protos(context.get(), http11, sizeof http11);
  ERR_clear_error();
  if (!ca_file_.empty() && SSL_CTX_load_verify_locations(context.get(), ca_file_.c_str(), nullptr) != 1)
    return fail(Code::invalid, "The CA file " + ca_file_ + " cannot be used: " + last_error(), "tls_ca",
                "Give a readable PEM file with the certificates to trust.");
  context_ = std::move(context);
  ready_.store(context_.get(), std::memory_order_release);
  return context_.get();
}

SslPtr tls_accepting(SSL_CTX& context, int fd) {
  SslPtr ssl(SSL_new(&context));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

SslPtr tls_connecting(SSL_CTX& context, int fd, const std::string& host, SSL_SESSION* resume,
                      SessionSink* sink) {
  SslPtr ssl(SSL_new(&context));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  SSL_set_connect_state(ssl.get());
  SSL_set_app_data(ssl.get(), sink);
  std::array<unsigned char, 16> address{};
  bool is_address = ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
                    ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
  if (is_address) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) != 1) return nullptr;
  } else {
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl.get(), host.c_str()) != 1) return nullptr;
    if (SSL_set_tlsext_host_name(ssl.get(), host.c_str()) != 1) return nullptr;
  }
  if (resume) SSL_set_session(ssl.get(), resume);
  return ssl;
}

std::string tls_failure(const SSL& ssl) {
  auto verified = SSL_get_verify_result(&ssl);
  if (verified != X509_V_OK) {
    ERR_clear_error();
    return X509_verify_cert_error_string(verified);
  }
  if (ERR_peek_last_error() == 0) return "the connection was closed during the handshake";
  return last_error();
}

}  // namespace bastide::net::detail
