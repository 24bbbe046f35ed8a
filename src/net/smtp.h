// SMTP, to hand letters over to a mail server.
#pragma once

#include <string>

#include "base/config.h"
#include "base/result.h"

namespace bastide::net {

/// Thread-safe; `send` blocks, 30 seconds at most.
class Smtp {
 public:
  explicit Smtp(MailConfig config) : config_(std::move(config)) {}
  /// `message`: RFC 5322, lines ended by CR LF. Code::invalid, detail letter_refused, when the server says
  /// that it will never take it (5xx); Code::upstream or Code::timeout for all else. Errors hold no address.
  [[nodiscard]] Result<void> send(const std::string& to, const std::string& message) const;

 private:
  const MailConfig config_;
};

}  // namespace bastide::net
