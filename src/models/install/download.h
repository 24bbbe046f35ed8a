// A large file over HTTP, going on where an earlier call was interrupted.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "models/install/s3_signature.h"
#include "net/client.h"

namespace bastide::models {

struct DownloadOptions {
  std::string url;
  std::string to;              // grows while it comes; TO.etag remembers which version of the file that is
  std::string token;           // sent to the first server only, never along a redirection
  std::optional<S3Keys> s3{};  // the same: its requests are signed
  std::uint64_t bytes_max = 1ULL << 40;
  int attempts = 6;   // a connection that breaks is opened again, from where it was
  Millis pause{500};  // before the second attempt; doubles
  std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)> on_progress{};
};

struct Downloaded {
  std::uint64_t bytes = 0;
  std::string stated_sha256;  // what the server says of the file (x-linked-etag); empty when it says nothing
};

/// Call on a net::Loop's thread of its own: it writes the file on it. Follows up to five redirections, none
/// from https to http. Code::not_found, Code::forbidden (gated), Code::upstream, Code::storage_full. What has
/// come stays.
[[nodiscard]] Task<Result<Downloaded>> download(net::Client& client, DownloadOptions options);

}  // namespace bastide::models
