// Addresses of requests that we send.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::net::detail {

struct Url {
  bool tls = false;
  std::string host;  // without brackets; empty for a Unix socket
  int port = 0;
  std::string unix_socket;  // its path, for http://unix:/path:/target
  std::string authority;    // the value of Host
  std::string target;       // path and query, at least "/"

  /// What connections are shared by.
  [[nodiscard]] std::string key() const;
};

/// Strict: no user names, spaces, control characters or bytes beyond ASCII. A fragment is dropped.
/// Code::invalid with detail "url".
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace bastide::net::detail
