// The bytes of answers: heads, problem bodies, chunks, and the part of a file that a Range asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/framing.h"
#include "net/http.h"

namespace bastide::net::detail {

[[nodiscard]] std::string_view reason_phrase(int status);

/// How an answer's body is delimited and what becomes of the connection.
struct AnswerHead {
  int status = 200;
  Framing framing;
  bool keep_alive = true;
  int minor_version = 1;
  std::string_view date;
};

/// The head with its empty line. Fields that frame the message (Content-Length, Transfer-Encoding,
/// Connection, Date) are ours: those among `headers` are left out. Nothing when a name or a value cannot
/// stand in a head, which is how an answer is kept from being split.
[[nodiscard]] std::optional<std::string> head_text(const AnswerHead& head, const Headers& headers);

/// Whether an answer with `status` never has a body.
[[nodiscard]] bool is_bodiless(int status);

/// An RFC 9457 problem for what the server itself refuses.
[[nodiscard]] Response problem(int status, std::string_view reason);

/// The line before a chunk of `size` bytes.
[[nodiscard]] std::string chunk_line(std::size_t size);

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};
struct RangeAsked {
  enum class Kind { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  ByteRange range;
};
/// One range of bytes out of `file_size` (RFC 9110, 14.1.2). Several ranges, other units and malformed ones
/// are ignored: the whole is sent.
[[nodiscard]] RangeAsked parse_range(std::string_view value, std::uint64_t file_size);

}  // namespace bastide::net::detail
