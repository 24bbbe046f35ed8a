// Requests to S3, signed (AWS Signature Version 4,
// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace bastide::models {

struct S3Keys {
  std::string id;
  std::string secret;
  std::string session{};  // of temporary keys; empty: none
  std::string region = "us-east-1";
};

struct S3Header {
  std::string name, value;
};

/// The headers that a GET of `url` (path-style: ENDPOINT/BUCKET/KEY, encoded, no query) must carry at `now`,
/// besides host and range. `range`: of its range header; empty when it has none. Pure.
[[nodiscard]] std::vector<S3Header> sign_s3_get(std::string_view url, std::string_view range,
                                                const S3Keys& keys, UnixMillis now);

}  // namespace bastide::models
