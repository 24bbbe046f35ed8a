// multipart/form-data (RFC 7578) as it comes in: parts are read in pieces, never held whole.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"

namespace bastide::http_api {

/// The boundary of a Content-Type, or nothing.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

struct PartHead {
  std::string name;
  std::optional<std::string>
      file_name;  // present for files; base name only, valid UTF-8, no control characters
  std::string media_type;
};

/// Frames parts out of bytes split anywhere. Pure; one thread at a time. Feed bytes, then take events until
/// `more`.
class MultipartFramer {
 public:
  explicit MultipartFramer(std::string_view boundary);

  struct Event {
    enum class Kind { more, head, data, part_end, end } kind = Kind::more;
    PartHead head{};
    std::string data{};
  };
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// Code::invalid for what is not multipart; heads beyond 16 KiB and more than 100 parts are refused.
  [[nodiscard]] Result<Event> next();

 private:
  enum class State { preamble, after_boundary, head, data, done };
  State state_ = State::preamble;
  std::string delimiter_;  // CRLF "--" boundary
  std::string buffer_;
  int parts_ = 0;
};

}  // namespace bastide::http_api
