// Errors, both ways: https://docs.anthropic.com/en/api/errors.
#include "dialects/anthropic/anthropic.h"
#include "dialects/failure.h"

namespace bastide::dialects::anthropic {
namespace {

/// The documented word of each status; 529 stands for a full queue.
std::string_view kind_of(int status) {
  switch (status) {
    case 400:
    case 422:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    case 529:
      return "overloaded_error";
    default:
      return status / 100 == 4 ? "invalid_request_error" : "api_error";
  }
}

int status_of(const Error& error) {
  const bool full = error.code == Code::overloaded || error.detail == "provider_overloaded";
  return full ? 529 : detail::status_of(error);
}

}  // namespace

Error read_error(int status, const object& root, std::int64_t retry_after_s) {
  const auto error = detail::object_at(root, "error");
  if (!error) return detail::refusal(status, {}, {}, retry_after_s);
  return detail::refusal(status, detail::text(*error, "type"), detail::text(*error, "message"),
                         retry_after_s);
}

HttpError write_error(const Error& error, std::string_view exchange) {
  HttpError out;
  out.status = status_of(error);
  JsonWriter json;
  json.object()
      .field("type", "error")
      .key("error")
      .object()
      .field("type", kind_of(out.status))
      .field("message", detail::sentence_of(error))
      .end();
  if (!exchange.empty()) {
    json.field("request_id", exchange);
    out.headers.emplace_back("request-id", exchange);
  }
  if (error.retry_after_s > 0) out.headers.emplace_back("retry-after", std::to_string(error.retry_after_s));
  out.body = json.end().take();
  return out;
}

}  // namespace bastide::dialects::anthropic
