// MIME messages (RFC 5322, 2045 to 2047, 2231), read leniently. Written here rather than taken from a mail
// library: those convert charsets through iconv, which loads modules from files, and under the sandbox no
// file can be opened.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bastide::knowledge::parse::mail {

struct Part {
  std::vector<std::pair<std::string, std::string>>
      headers;                      // names in lower case, values unfolded but still encoded
  std::string type = "text/plain";  // lower case
  std::string charset;
  std::string boundary;
  std::string file_name;  // decoded; from the disposition or the type
  bool attachment = false;
  std::string_view body;  // as in the message, still encoded
  std::vector<Part> parts;

  /// Decoded to UTF-8; empty when it is missing.
  [[nodiscard]] std::string header(std::string_view name) const;
  /// The body without its transfer encoding.
  [[nodiscard]] std::string content() const;
};

/// At most 12 levels and 1,000 parts; deeper ones stay undivided. `message` must outlive the result.
[[nodiscard]] Part read_message(std::string_view message);

/// Encoded words ("=?utf-8?B?...?=") and raw bytes to UTF-8.
[[nodiscard]] std::string decode_header(std::string_view value);

}  // namespace bastide::knowledge::parse::mail
