// A request handed on to another server and its answer handed back as it comes: what a gateway does most.
// Bytes are forwarded from the loop's scratch, framing and all, while a watcher reads along.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace bastide::net {

namespace detail {
struct Url;
}

/// A server that requests are relayed to. Immutable; parsed once, used for every call.
class RelayTarget {
 public:
  /// `base_url`: scheme and authority, with a path that `path` gives back without its last slash.
  static Result<std::shared_ptr<const RelayTarget>> parse(std::string_view base_url);
  ~RelayTarget();
  [[nodiscard]] const std::string& authority() const;  // the value of Host
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const detail::Url& url() const { return *url_; }
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  explicit RelayTarget(std::unique_ptr<detail::Url> url);
  std::unique_ptr<detail::Url> url_;
  std::string key_;
  std::string path_;
};

/// What is sent. Everything outlives the relay.
struct RelayRequest {
  const RelayTarget& target;
  std::string_view head;                   // complete: request line, fields, Content-Length, empty line
  std::array<std::string_view, 3> body{};  // one after another
  Millis connect_timeout{5'000};
  Millis first_byte_timeout{120'000};
  Millis idle_timeout{120'000};  // between two pieces of the answer
  Millis silence_max{0};         // when nothing was heard for so long the watcher may say something; 0: never
  std::size_t kept_bytes_max = 256 * 1024;  // of an answer that is kept instead of passed on; the rest is cut
};

/// Reads along with an answer. Called on the loop's thread, in order.
class RelayWatcher {
 public:
  virtual ~RelayWatcher() = default;
  enum class Verdict {
    pass_on,  // the client gets `headers` as they stand after this call, then the body as it comes
    rewrite,  // the same, but the body is what `rewritten` gives, in chunks of our own
    keep,     // the client gets nothing; head and body go to the caller
  };
  virtual Verdict on_head(int status, Headers& headers) = 0;
  /// Content without framing, split anywhere; valid during the call. 64 bytes behind it may be read.
  virtual void on_body(std::string_view content) = 0;
  /// Asked once, when the first bytes of the body were seen and nothing has been sent: whether the client
  /// should get none of it after all. The caller goes on from there; nothing more is read.
  [[nodiscard]] virtual bool refused() { return false; }
  /// With Verdict::rewrite: takes what the client gets for the content so far; valid until the next call.
  virtual std::string_view rewritten() { return {}; }
  /// Only with `silence_max`, and only from watchers that rewrite: what the client gets meanwhile; empty:
  /// nothing. Where its answer has not begun it begins with this, as a 200 with `headers`.
  virtual std::string on_silence(Headers& headers) {
    (void)headers;
    return {};
  }
  /// What is wrong with an answer that was to be kept, once the client's has begun by `on_silence`.
  [[nodiscard]] virtual Error fault_of(const struct Relayed& kept) {
    (void)kept;
    return {Code::upstream, "The server failed to answer.", "failed", "Try again."};
  }
  /// The answer has ended, properly when `broken` is null. What this gives is sent before the end of a
  /// chunked answer, so that a stream that died does not look whole.
  virtual std::string on_end(const Error* broken) = 0;
};

/// What became of it.
struct Relayed {
  bool passed_on = false;  // the client was answered
  int status = 0;
  Headers headers;  // when not passed on
  std::string body;
  std::optional<Error> broken;  // the answer ended early: Code::upstream or Code::timeout; Code::cancelled
                                // when the client left
};

}  // namespace bastide::net
