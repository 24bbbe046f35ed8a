// The HTTP/1.1 server: one loop a core, each with its own listening socket (SO_REUSEPORT).
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/relay.h"

namespace bastide::net {

class Client;

/// One request being answered. Lives until its handler returns; used on its loop's thread only, except
/// `gone`. A handler answers by `send`, or by `start`, `write`..., `finish`. Returning without an answer
/// sends 500. Failing writes return Code::cancelled when the client has left: stop then.
class ServerCall {
 public:
  virtual ~ServerCall() = default;

  [[nodiscard]] virtual const Request& request() const = 0;
  /// Content-Length when the client gave one.
  [[nodiscard]] virtual std::optional<std::uint64_t> body_length() const = 0;
  /// The next piece of the body (at most 64 KiB), empty at its end. Enforces ServerOptions::body_bytes_max
  /// unless `allow_body` raised it: Code::too_large. A body that ends early is Code::invalid.
  [[nodiscard]] virtual Task<Result<std::string>> read() = 0;
  /// Raises or lowers this call's limit, before the first read (uploads).
  virtual void allow_body(std::uint64_t bytes_max) = 0;
  /// The whole body when it came along with its head, as most do; else nothing: `read_all`.
  [[nodiscard]] virtual std::optional<std::string> take_whole(std::size_t /*bytes_max*/) {
    return std::nullopt;
  }
  /// The whole body; Code::too_large beyond `bytes_max`.
  [[nodiscard]] virtual Task<Result<std::string>> read_all(std::size_t bytes_max) = 0;

  /// A complete answer; Content-Length, Date and Connection are added.
  [[nodiscard]] virtual Task<Result<void>> send(Response response) = 0;
  /// Begins a streamed answer (chunked).
  [[nodiscard]] virtual Task<Result<void>> start(int status, Headers headers) = 0;
  /// Returns when the bytes are in the socket's hands: a slow reader holds its writer, never memory.
  [[nodiscard]] virtual Task<Result<void>> write(std::string bytes) = 0;
  [[nodiscard]] virtual Task<Result<void>> finish() = 0;
  /// Streams a file of known length with send semantics; supports one Range (206). `path` is trusted.
  [[nodiscard]] virtual Task<Result<void>> send_file(std::string path, Headers headers) = 0;

  /// Whether `relay` can answer this request: not for HTTP/1.0, which knows no chunks.
  [[nodiscard]] virtual bool can_relay() const = 0;
  /// Has another server answer. The errors of Client::fetch mean that nothing was sent to the client: it may
  /// be tried elsewhere. Once the answer's head was passed on, this request is answered, however it ends.
  [[nodiscard]] virtual Task<Result<Relayed>> relay(Client& client, RelayRequest request,
                                                    RelayWatcher& watcher) = 0;

  /// Ends a relay that runs as if its server had broken off, for this reason: the watcher's `on_end` gets it,
  /// or `relay` gives it when the client has got nothing yet. Nothing happens when none runs.
  virtual void break_off(Error why) = 0;

  /// Stop is requested when the client leaves (a half-close counts) or the server's drain time is over.
  [[nodiscard]] virtual std::stop_token gone() const = 0;
};

using Handler = std::function<Task<void>(ServerCall&)>;

struct TlsFiles {
  std::string certificate_file;  // PEM chain
  std::string key_file;          // PEM
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  // 0 picks a free one, see Server::port
  int loops = 0;    // 0: one a core
  std::optional<TlsFiles> tls{};
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t headers_max = 100;
  std::uint64_t body_bytes_max = 32ULL * 1024 * 1024;
  std::size_t connections_max = 20000;
  std::size_t pipelined_max = 16;    // requests that may wait behind the current one; the next closes
  Millis header_timeout{10'000};     // from the first byte to the end of the headers
  Millis body_idle_timeout{30'000};  // between two pieces of a body
  Millis keep_alive_timeout{75'000};
  Millis write_timeout{60'000};                   // a reader that takes nothing for so long is gone
  std::uint64_t body_bytes_per_second_min = 256;  // averaged over the window: slow-loris defence
  Millis body_rate_window{10'000};
};

/// Thread-safe.
class Server {
 public:
  /// Binds and starts the loops. A port in use is Code::conflict with detail "port_in_use".
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler, Metrics& metrics);
  virtual ~Server() = default;
  [[nodiscard]] virtual int port() const = 0;
  [[nodiscard]] virtual std::vector<Loop*> loops() = 0;
  /// Accepts nothing more, lets running calls end for `patience`, then asks them to stop and closes. Blocks.
  virtual void drain(Millis patience) = 0;
  [[nodiscard]] virtual std::size_t connections() const = 0;
};

}  // namespace bastide::net
