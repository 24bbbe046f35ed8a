// The HTTP/1.1 client: connections pooled per loop, TLS verified, answers streamed.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "net/http.h"

namespace bastide::net {

class Loop;

namespace detail {
class ClientShard;
}

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://, or http://unix:/path/of/socket:/path for a Unix socket
  Headers headers{};
  std::string body{};
  Millis connect_timeout{5'000};
  Millis first_byte_timeout{120'000};
  Millis idle_timeout{120'000};  // between two pieces of the answer
};

/// A response whose head has arrived. Destroying it before its end closes the connection, which is how a call
/// is cancelled. Used on the loop that fetched it.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  [[nodiscard]] virtual int status() const = 0;
  [[nodiscard]] virtual const Headers& headers() const = 0;
  /// The next piece of the body, empty at its end. A body that ends before its length or last chunk is
  /// Code::upstream with detail "truncated": never a clean end.
  [[nodiscard]] virtual Task<Result<std::string>> read() = 0;
  [[nodiscard]] virtual Task<Result<std::string>> read_all(std::size_t bytes_max) = 0;
};

struct ClientOptions {
  std::string ca_file{};  // PEM to trust besides the system's
  std::size_t idle_per_host_max = 32;
  Millis idle_timeout{60'000};
  std::size_t header_bytes_max = 64 * 1024;
};

/// Call `fetch` on a Loop's thread; each loop keeps its own connections. DNS runs on a small pool of its own.
/// Errors: Code::upstream with detail connect_refused, connect_failed, dns, tls, reset, protocol, truncated;
/// Code::timeout with connect, first_byte or idle; Code::cancelled after `stop`. A request is sent twice only
/// when a reused connection died before any byte of the answer.
class Client {
 public:
  static Result<std::unique_ptr<Client>> create(ClientOptions options = {});
  virtual ~Client() = default;
  [[nodiscard]] virtual Task<Result<std::unique_ptr<ClientResponse>>> fetch(ClientRequest request,
                                                                            std::stop_token stop = {}) = 0;
  /// What is kept on `loop`, its own thread's; for src/net only.
  [[nodiscard]] virtual const std::shared_ptr<detail::ClientShard>& shard(Loop& loop) = 0;
};

}  // namespace bastide::net
