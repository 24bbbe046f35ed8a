#include "models/install/s3_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/crypto.h"

namespace bastide::models {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string_view bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// "20130524T000000Z"
std::string stamp(UnixMillis now) {
  const std::time_t seconds = now / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[20];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc)};
}

}  // namespace

std::vector<S3Header> sign_s3_get(std::string_view url, std::string_view range, const S3Keys& keys,
                                  UnixMillis now) {
  const auto host_at = url.find("://") + 3;
  const auto path_at = std::min(url.find('/', host_at), url.size());
  const auto host = url.substr(host_at, path_at - host_at);
  const auto path = path_at == url.size() ? std::string_view("/") : url.substr(path_at);
  const auto time = stamp(now);
  const auto day = time.substr(0, 8);
  const auto empty_hash = sha256_hex("");

  // In the order of their names, as the signature wants them.
  std::vector<S3Header> headers{{"host", std::string(host)}};
  if (!range.empty()) headers.push_back({"range", std::string(range)});
  headers.insert(headers.end(), {{"x-amz-content-sha256", empty_hash}, {"x-amz-date", time}});
  if (!keys.session.empty()) headers.push_back({"x-amz-security-token", keys.session});
  std::string canonical = fmt::format("GET\n{}\n\n", path);
  std::string names;
  for (const auto& header : headers) {
    canonical += fmt::format("{}:{}\n", header.name, header.value);
    names += (names.empty() ? "" : ";") + header.name;
  }
  canonical += fmt::format("\n{}\n{}", names, empty_hash);

  const auto scope = fmt::format("{}/{}/s3/aws4_request", day, keys.region);
  const auto to_sign = fmt::format("{}\n{}\n{}\n{}", algorithm, time, scope, sha256_hex(canonical));
  auto key = hmac_sha256("AWS4" + keys.secret, day);
  for (const std::string_view part :
       {std::string_view(keys.region), std::string_view("s3"), std::string_view("aws4_request")})
    key = hmac_sha256(bytes_of(key), part);
  const auto signature = hex(hmac_sha256(bytes_of(key), to_sign));

  std::erase_if(headers, [](const S3Header& each) { return each.name == "host" || each.name == "range"; });
  headers.push_back({"authorization", fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}",
                                                  algorithm, keys.id, scope, names, signature)});
  return headers;
}

}  // namespace bastide::models
