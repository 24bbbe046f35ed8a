// Message heads, read strictly: what two readers could frame differently is refused, never guessed (RFC
// 9112).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace bastide::net::detail {

/// Why a head is refused: the status that a server answers, and a word for the log and the problem body.
struct Refusal {
  int status = 400;
  std::string_view reason;  // a stable snake_case word, static
};

/// Finds the end of a head in bytes that arrive piece by piece, looking at each byte once. It refuses bare CR
/// and LF, NUL and other control characters, too many lines and too many bytes, before anything is parsed.
class HeadScanner {
 public:
  HeadScanner(std::size_t bytes_max, std::size_t headers_max)
      : bytes_max_(bytes_max), headers_max_(headers_max) {}

  enum class State { more, complete, refused };
  /// `all` is everything received since the head began, growing from call to call.
  State scan(std::string_view all);
  /// Bytes of the head with its empty line, once complete.
  [[nodiscard]] std::size_t size() const { return at_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  State refuse(int status, std::string_view reason) {
    refusal_ = {status, reason};
    return State::refused;
  }

  std::size_t bytes_max_;
  std::size_t headers_max_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  bool after_cr_ = false;
  Refusal refusal_;
};

/// How the body of a message is delimited.
struct Framing {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

struct RequestHead {
  Request request;  // without peer and secure
  Framing framing;
  int minor_version = 1;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// `head` is what a HeadScanner found complete.
[[nodiscard]] std::optional<Refusal> parse_request(std::string_view head, std::size_t headers_max,
                                                   RequestHead& out);

struct ResponseHead {
  int status = 0;
  Headers headers;
  Framing framing;
  bool keep_alive = true;
};

/// The answer to a request of method `method`. A refusal's status says nothing here.
[[nodiscard]] std::optional<Refusal> parse_response(std::string_view head, std::size_t headers_max,
                                                    std::string_view method, ResponseHead& out);

/// A path and a query out of a request target: origin form, absolute form (whose authority goes to `host`),
/// or "*" for OPTIONS.
[[nodiscard]] std::optional<Refusal> parse_target(std::string_view target, Request& out,
                                                  std::optional<std::string>& host);

/// Digits only, below 10^18.
[[nodiscard]] std::optional<std::uint64_t> parse_length(std::string_view text);
[[nodiscard]] bool is_token(std::string_view text);
/// No control characters but tabs: what may stand in a field value.
[[nodiscard]] bool is_field_value(std::string_view text);

}  // namespace bastide::net::detail
