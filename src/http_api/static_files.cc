#include "http_api/static_files.h"

#include <algorithm>

namespace bastide::http_api {
namespace {

// No inline script or style, nothing from elsewhere, no framing: what a model writes can never become code.
constexpr std::string_view content_security_policy =
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

const WebFile* find(WebFiles files, std::string_view path) {
  auto found = std::ranges::lower_bound(files, path, {}, &WebFile::path);
  return found != files.end() && found->path == path ? &*found : nullptr;
}
}  // namespace

Task<Result<void>> send_web_file(Call& call) {
  const auto& request = call.request();
  if (request.method != "GET" && request.method != "HEAD")
    co_return fail(Code::invalid, "This address does not take " + request.method + ".", "method");
  const auto* file = find(call.services.web, request.path);
  bool asset = request.path.starts_with("/assets/");
  // The app routes by itself: any other address is its page.
  if (!file && !asset) file = find(call.services.web, "/index.html");
  if (!file) co_return fail(Code::not_found, "There is nothing at this address.", "no_route");

  net::Headers headers{{"content-type", std::string(file->media_type)},
                       {"etag", std::string(file->etag)},
                       {"cache-control", asset ? "public, max-age=31536000, immutable" : "no-cache"},
                       {"vary", "accept-encoding"},
                       {"x-content-type-options", "nosniff"},
                       {"referrer-policy", "same-origin"},
                       {"content-security-policy", std::string(content_security_policy)}};
  call.answered = true;
  if (request.headers.find("if-none-match").value_or("") == file->etag) {
    auto sent = co_await call.http.send({304, std::move(headers), {}});
    co_return sent;
  }
  bool brotli = !file->brotli.empty() &&
                request.headers.find("accept-encoding").value_or("").find("br") != std::string_view::npos;
  if (brotli) headers.add("content-encoding", "br");
  auto sent =
      co_await call.http.send({200, std::move(headers), std::string(brotli ? file->brotli : file->plain)});
  co_return sent;
}

}  // namespace bastide::http_api
